#include "shoal/cache/saved_cache.h"

#include <algorithm>
#include <utility>

#include "shoal/base/append_le.h"
#include "shoal/base/crc.h"

namespace shoal::cache {
namespace {

constexpr std::uint32_t magic = 0x44434853;  // "SHCD"
constexpr std::uint32_t format_version = 1;

void append(std::vector<std::byte>& to, const std::string& text) {
  append_le(to, static_cast<std::uint16_t>(text.size()));
  ByteSpan bytes = as_bytes(text);
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append(std::vector<std::byte>& to, const std::vector<SavedCache::Key>& keys) {
  append_le(to, static_cast<std::uint64_t>(keys.size()));
  for (const SavedCache::Key& key : keys) {
    append(to, key.bucket);
    append(to, key.name);
    append_le(to, key.version.value());
    append_le(to, key.piece);
  }
}

/// Takes values from the front of what is left; after the first that is not whole, `good` is false and all are empty.
struct Reader {
  ByteSpan rest;
  bool good = true;

  ByteSpan bytes(std::uint64_t count) {
    if (count > rest.size()) good = false;
    ByteSpan taken = good ? rest.first(count) : ByteSpan();
    rest = rest.subspan(taken.size());
    return taken;
  }
  template <typename Integer>
  Integer number() {
    ByteSpan taken = bytes(sizeof(Integer));
    return good ? load_le<Integer>(taken.data()) : Integer{};
  }
  std::string text() { return std::string(as_text(bytes(number<std::uint16_t>()))); }
  std::vector<SavedCache::Key> keys() {
    std::vector<SavedCache::Key> keys;
    for (auto left = number<std::uint64_t>(); left > 0 && good; --left) {
      SavedCache::Key key;
      key.bucket = text();
      key.name = text();
      key.version = Version(number<std::uint64_t>());
      key.piece = number<std::uint32_t>();
      keys.push_back(std::move(key));
    }
    return keys;
  }
};

}  // namespace

EntryKey SavedCache::Key::entry_key() const {
  ObjectKeyView object(bucket, name);
  return piece == EntryKey::whole ? EntryKey(object) : EntryKey(object, version, piece);
}

std::vector<std::byte> encode(const SavedCache& saved) {
  std::vector<std::byte> bytes;
  append_le(bytes, magic);
  append_le(bytes, format_version);
  std::vector<std::byte> order = encode(saved.order);
  append_le(bytes, static_cast<std::uint64_t>(order.size()));
  bytes.insert(bytes.end(), order.begin(), order.end());
  append(bytes, saved.keys);
  append(bytes, saved.others);
  append_le(bytes, crc32c(bytes));
  return bytes;
}

Result<SavedCache> decode_saved_cache(ByteSpan bytes) {
  auto corrupt = [](const char* what) { return failure(ErrorCode::corrupt, std::string("saved cache: ") + what); };
  constexpr std::size_t crc_bytes = 4;
  if (bytes.size() < crc_bytes) return corrupt("too short");
  ByteSpan content = bytes.first(bytes.size() - crc_bytes);
  if (load_le<std::uint32_t>(bytes.data() + content.size()) != crc32c(content)) return corrupt("checksum");
  Reader reader{content};
  if (reader.number<std::uint32_t>() != magic) return corrupt("not one");
  if (reader.number<std::uint32_t>() != format_version) return corrupt("unknown version");
  SavedCache saved;
  ByteSpan order = reader.bytes(reader.number<std::uint64_t>());
  TRY_ASSIGN(saved.order, decode_policy_snapshot(order));
  saved.keys = reader.keys();
  saved.others = reader.keys();
  if (!reader.good || !reader.rest.empty()) return corrupt("wrong length");
  auto residents = std::ranges::count_if(saved.order.entries, [](const auto& entry) { return !entry.ghost(); });
  if (saved.keys.size() != static_cast<std::size_t>(residents)) return corrupt("not a key for each entry");
  return saved;
}

SavedCache part_of(const std::vector<SavedCache>& saved, FunctionRef<bool(std::uint64_t object_hash)> owns) {
  SavedCache part;
  if (saved.empty()) return part;
  part.order.policy = saved.front().order.policy;
  part.order.style = saved.front().order.style;
  std::size_t longest = 0;
  for (const SavedCache& one : saved) {
    part.order.capacity += one.order.capacity;
    part.order.target += one.order.target;
    longest = std::max(longest, one.order.entries.size());
    for (const SavedCache::Key& key : one.others) {
      if (owns(hash_of_key(key.bucket, key.name))) part.others.push_back(key);
    }
  }
  // Residents before ghosts in each of them: the next entry of each in turn keeps all orders.
  std::vector<std::size_t> keys_used(saved.size());
  std::vector<PolicySnapshot::Entry> ghosts;
  for (std::size_t place = 0; place < longest; ++place) {
    for (std::size_t i = 0; i < saved.size(); ++i) {
      if (place >= saved[i].order.entries.size() || saved[i].order.policy != part.order.policy) continue;
      const PolicySnapshot::Entry& entry = saved[i].order.entries[place];
      if (entry.ghost()) {
        if (owns(entry.hash)) ghosts.push_back(entry);
        continue;
      }
      const SavedCache::Key& key = saved[i].keys[keys_used[i]++];
      if (!owns(hash_of_key(key.bucket, key.name))) continue;
      part.order.entries.push_back(entry);
      part.keys.push_back(key);
    }
  }
  part.order.entries.insert(part.order.entries.end(), ghosts.begin(), ghosts.end());
  return part;
}

}  // namespace shoal::cache
