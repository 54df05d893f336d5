#include "shoal/storage/shard_index.h"

#include <utility>

namespace shoal::storage {

IndexEntry to_index_entry(const StoredObject& object, Sequence sequence, RecordLocation location) {
  IndexEntry entry;
  entry.sequence = sequence;
  entry.location = location;
  entry.size = object.info.size;
  entry.etag = object.info.etag;
  entry.last_modified = object.info.last_modified;
  entry.owner = object.info.owner;
  entry.storage_class = object.info.storage_class;
  entry.checksums = object.info.checksums;
  for (Checksum& checksum : entry.checksums) checksum.value.clear();
  if (!object.extents.empty()) entry.extents = std::make_shared<const ExtentList>(object.extents);
  return entry;
}

const IndexEntry* ShardIndex::find(Key key) const {
  auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

std::optional<IndexEntry> ShardIndex::put(const ObjectKey& key, IndexEntry entry) {
  auto [place, added] = entries_.try_emplace(key);
  if (added) {
    place->second = std::move(entry);
    return std::nullopt;
  }
  return std::exchange(place->second, std::move(entry));
}

std::optional<IndexEntry> ShardIndex::erase(Key key) {
  auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  std::optional<IndexEntry> erased = std::move(found->second);
  entries_.erase(found);
  return erased;
}

bool ShardIndex::relocate(Key key, RecordLocation from, RecordLocation to) {
  auto found = entries_.find(key);
  if (found == entries_.end() || found->second.location != from) return false;
  found->second.location = to;
  return true;
}

bool ShardIndex::has_any(std::string_view bucket) const { return !Cursor(*this, bucket, {}).at_end(); }

ShardIndex::Cursor::Cursor(const ShardIndex& index, std::string_view bucket, std::string_view from)
    : index_(&index), bucket_(bucket), at_(index.entries_.lower_bound(Key{bucket, from})) {}

}  // namespace shoal::storage
