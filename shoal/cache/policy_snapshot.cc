#include "shoal/cache/policy_snapshot.h"

#include <bit>
#include <cmath>

#include "shoal/base/append_le.h"
#include "shoal/base/crc.h"

namespace shoal::cache {
namespace {

constexpr std::uint32_t magic = 0x50434853;  // "SHCP"
constexpr std::uint32_t version = 1;
constexpr std::size_t entry_bytes = 14;
constexpr std::size_t head_bytes = 4 + 4 + 8 + 8 + 1 + 1;
constexpr std::size_t count_bytes = 8;
constexpr std::size_t crc_bytes = 4;

}  // namespace

std::vector<std::byte> encode(const PolicySnapshot& snapshot) {
  std::vector<std::byte> bytes;
  bytes.reserve(head_bytes + snapshot.policy.size() + count_bytes + snapshot.entries.size() * entry_bytes + crc_bytes);
  append_le(bytes, magic);
  append_le(bytes, version);
  append_le(bytes, snapshot.capacity);
  append_le(bytes, std::bit_cast<std::uint64_t>(snapshot.target));
  append_le(bytes, snapshot.style);
  append_le(bytes, static_cast<std::uint8_t>(snapshot.policy.size()));
  for (char c : snapshot.policy) bytes.push_back(static_cast<std::byte>(c));
  append_le(bytes, static_cast<std::uint64_t>(snapshot.entries.size()));
  for (const PolicySnapshot::Entry& entry : snapshot.entries) {
    append_le(bytes, entry.hash);
    append_le(bytes, entry.weight);
    append_le(bytes, entry.list);
    append_le(bytes, entry.uses);
  }
  append_le(bytes, crc32c(bytes));
  return bytes;
}

Result<PolicySnapshot> decode_policy_snapshot(ByteSpan bytes) {
  auto corrupt = [](const char* what) { return failure(ErrorCode::corrupt, std::string("policy snapshot: ") + what); };
  if (bytes.size() < head_bytes + count_bytes + crc_bytes) return corrupt("too short");
  if (load_le<std::uint32_t>(bytes.data() + bytes.size() - crc_bytes) != crc32c(bytes.first(bytes.size() - crc_bytes)))
    return corrupt("checksum");
  if (load_le<std::uint32_t>(bytes.data()) != magic) return corrupt("not one");
  if (load_le<std::uint32_t>(bytes.data() + 4) != version) return corrupt("unknown version");
  PolicySnapshot snapshot;
  snapshot.capacity = load_le<std::uint64_t>(bytes.data() + 8);
  snapshot.target = std::bit_cast<double>(load_le<std::uint64_t>(bytes.data() + 16));
  if (!std::isfinite(snapshot.target) || snapshot.target < 0) return corrupt("target");
  snapshot.style = load_le<std::uint8_t>(bytes.data() + 24);
  auto name_bytes = load_le<std::uint8_t>(bytes.data() + 25);
  ByteSpan rest = bytes.subspan(head_bytes, bytes.size() - head_bytes - crc_bytes);
  if (rest.size() < name_bytes + count_bytes) return corrupt("too short");
  snapshot.policy = as_text(rest.first(name_bytes));
  auto count = load_le<std::uint64_t>(rest.data() + name_bytes);
  rest = rest.subspan(name_bytes + count_bytes);
  if (rest.size() % entry_bytes != 0 || rest.size() / entry_bytes != count) return corrupt("wrong length");
  snapshot.entries.reserve(count);
  for (const std::byte* at = rest.data(); at != rest.data() + rest.size(); at += entry_bytes) {
    snapshot.entries.push_back({.hash = load_le<std::uint64_t>(at),
                                .weight = load_le<std::uint32_t>(at + 8),
                                .list = load_le<std::uint8_t>(at + 12),
                                .uses = load_le<std::uint8_t>(at + 13)});
    if (snapshot.entries.back().weight == 0) return corrupt("weight 0");
  }
  return snapshot;
}

}  // namespace shoal::cache
