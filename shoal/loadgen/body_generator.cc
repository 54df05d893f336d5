#include "shoal/loadgen/body_generator.h"

#include <algorithm>
#include <utility>

#include "shoal/base/crc.h"
#include "shoal/base/hash.h"
#include "shoal/base/random.h"

namespace shoal::loadgen {
namespace {

/// Small enough to stay in a core's cache.
constexpr std::size_t random_bytes = 512_KiB;

}  // namespace

BodyStamp BodyStamp::read(std::span<const std::byte, bytes> from) {
  return {.checksum = load_le<std::uint32_t>(from.data()),
          .magic = load_le<std::uint32_t>(from.data() + 4),
          .name_hash = load_le<std::uint64_t>(from.data() + 8),
          .version = load_le<std::uint64_t>(from.data() + 16),
          .size = load_le<std::uint64_t>(from.data() + 24)};
}

void BodyStamp::write(std::span<std::byte, bytes> to) const {
  store_le(to.data(), checksum);
  store_le(to.data() + 4, magic);
  store_le(to.data() + 8, name_hash);
  store_le(to.data() + 16, version);
  store_le(to.data() + 24, size);
}

BodyGenerator::BodyGenerator(std::uint64_t seed, SizeDistribution sizes)
    : seed_(seed), sizes_(std::move(sizes)), random_(random_bytes) {
  Random(seed).fill(random_);
}

std::uint64_t BodyGenerator::mix(std::uint64_t name_hash, std::uint64_t version) const {
  std::array<std::uint64_t, 2> both{name_hash, version};
  return hash64(std::as_bytes(std::span(both)), seed_);
}

std::uint64_t BodyGenerator::size_of(std::uint64_t name_hash, std::uint64_t version) const {
  return sizes_.size_for(mix(name_hash, version));
}

void BodyGenerator::make(std::uint64_t name_hash, std::uint64_t version, GeneratedBody& body) const {
  std::uint64_t mixed = mix(name_hash, version);
  std::uint64_t offset = mixed % random_.size();
  body.size = sizes_.size_for(mixed);
  body.pieces.clear();
  if (body.size < BodyStamp::bytes) {
    append_random(offset, body.size, body.pieces);
    return;
  }
  BodyStamp stamp{.name_hash = name_hash, .version = version, .size = body.size};
  stamp.write(body.stamp);
  body.pieces.push_back(body.stamp);
  append_random(offset, body.size - BodyStamp::bytes, body.pieces);
  std::uint32_t checksum = crc32c(body.pieces.front().subspan(sizeof stamp.checksum));
  for (std::size_t i = 1; i < body.pieces.size(); ++i) checksum = crc32c(body.pieces[i], checksum);
  store_le(body.stamp.data(), checksum);
}

/// From `offset` on, and from the start again as often as it takes.
void BodyGenerator::append_random(std::uint64_t offset, std::uint64_t count, std::vector<ByteSpan>& pieces) const {
  while (count > 0) {
    std::uint64_t taken = std::min<std::uint64_t>(count, random_.size() - offset);
    pieces.push_back(ByteSpan(random_).subspan(offset, taken));
    count -= taken;
    offset = 0;
  }
}

}  // namespace shoal::loadgen
