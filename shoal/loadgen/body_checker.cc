#include "shoal/loadgen/body_checker.h"

#include <algorithm>

#include <fmt/format.h>

#include "shoal/base/crc.h"

namespace shoal::loadgen {
namespace {

constexpr std::uint64_t versions_tried_max = 64;

std::unexpected<Error> wrong(std::string what) { return failure(ErrorCode::corrupt, std::move(what)); }

}  // namespace

void BodyChecker::start(std::uint64_t name_hash) {
  name_hash_ = name_hash;
  bytes_ = 0;
  checksum_ = 0;
}

void BodyChecker::take(ByteSpan piece) {
  if (bytes_ < start_.size()) {
    std::size_t count = std::min<std::size_t>(piece.size(), start_.size() - bytes_);
    copy_bytes(piece.first(count), MutableByteSpan(start_).subspan(bytes_));
  }
  constexpr std::size_t unchecked = sizeof(BodyStamp::checksum);
  std::size_t skipped = bytes_ < unchecked ? std::min<std::size_t>(piece.size(), unchecked - bytes_) : 0;
  checksum_ = crc32c(piece.subspan(skipped), checksum_);
  bytes_ += piece.size();
}

Result<std::uint64_t> BodyChecker::finish(Versions expected) const {
  if (bytes_ < BodyStamp::bytes) return finish_unstamped(expected);
  BodyStamp stamp = BodyStamp::read(start_);
  if (stamp.magic != BodyStamp::expected_magic) return wrong("the body does not begin with our stamp");
  if (stamp.size != bytes_) {
    return wrong(fmt::format("the body has {} bytes instead of the {} of its stamp", bytes_, stamp.size));
  }
  if (stamp.checksum != checksum_) return wrong("the body does not match the checksum of its stamp");
  if (stamp.name_hash != name_hash_) return wrong("the body is that of another object");
  if (stamp.version < expected.oldest) {
    return wrong(fmt::format("the body is of version {}, but {} had been confirmed before it was asked for",
                             stamp.version, expected.oldest));
  }
  if (stamp.version > expected.newest) {
    return wrong(
        fmt::format("the body is of version {}, and {} was the last that was sent", stamp.version, expected.newest));
  }
  if (generator_->size_of(name_hash_, stamp.version) != bytes_) {
    return wrong(fmt::format("the body has {} bytes, which version {} does not have", bytes_, stamp.version));
  }
  return stamp.version;
}

Result<std::uint64_t> BodyChecker::finish_unstamped(Versions expected) const {
  GeneratedBody body;
  for (std::uint64_t tried = 0; tried < versions_tried_max && tried <= expected.newest - expected.oldest; ++tried) {
    std::uint64_t version = expected.newest - tried;
    if (generator_->size_of(name_hash_, version) != bytes_) continue;
    generator_->make(name_hash_, version, body);
    auto at = start_.begin();
    bool equal = std::ranges::all_of(body.pieces, [&at](ByteSpan piece) {
      bool same = std::equal(piece.begin(), piece.end(), at);
      at += static_cast<std::ptrdiff_t>(piece.size());
      return same;
    });
    if (equal) return version;
  }
  return wrong(fmt::format("the {} bytes of the body are not those of any version from {} to {}", bytes_,
                           expected.oldest, expected.newest));
}

}  // namespace shoal::loadgen
