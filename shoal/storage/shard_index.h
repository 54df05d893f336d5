#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/model/checksum.h"
#include "shoal/model/object_key.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

/// What the index knows of an object without reading the disk: where it is, what conditions compare and what listings
/// show.
struct IndexEntry {
  Sequence sequence;
  RecordLocation location;
  std::uint64_t size = 0;
  std::string etag;
  WallTime last_modified{};
  std::string owner;
  std::string storage_class;
  std::vector<Checksum> checksums;            ///< without their values
  std::shared_ptr<const ExtentList> extents;  ///< null: the body is in the record
};

/// The entry of a stored object.
IndexEntry to_index_entry(const StoredObject& object, Sequence sequence, RecordLocation location);

/// The objects of one shard in order of (bucket, name). Owned by the shard's loop. This class is the border behind
/// which the representation may change; pointers and cursors are valid until the next change.
class ShardIndex {
 public:
  struct Key {
    std::string_view bucket;
    std::string_view name;
    Key(std::string_view bucket_name, std::string_view object_name) : bucket(bucket_name), name(object_name) {}
    Key(const ObjectKey& key) : bucket(key.bucket), name(key.name) {}  // NOLINT(google-explicit-constructor): a view
    auto operator<=>(const Key&) const = default;
  };

  const IndexEntry* find(Key key) const;
  /// Adds or replaces; returns what was there.
  std::optional<IndexEntry> put(const ObjectKey& key, IndexEntry entry);
  std::optional<IndexEntry> erase(Key key);
  /// The record of the key was copied. False, and nothing changes, unless the key still is at `from`.
  bool relocate(Key key, RecordLocation from, RecordLocation to);
  bool has_any(std::string_view bucket) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Less {
    using is_transparent = void;
    bool operator()(Key a, Key b) const { return a < b; }
  };
  using Entries = std::map<ObjectKey, IndexEntry, Less>;

 public:
  /// Walks the names of one bucket upwards.
  class Cursor {
   public:
    /// At the first name that is not less than `from`.
    Cursor(const ShardIndex& index, std::string_view bucket, std::string_view from);
    bool at_end() const { return at_ == index_->entries_.end() || at_->first.bucket != bucket_; }
    const std::string& name() const { return at_->first.name; }
    const IndexEntry& entry() const { return at_->second; }
    void next() { ++at_; }
    /// To the first name that is not less than `from`, which lies ahead.
    void seek(std::string_view from) { at_ = index_->entries_.lower_bound(Key{bucket_, from}); }

   private:
    const ShardIndex* index_;
    std::string_view bucket_;
    Entries::const_iterator at_;
  };

  /// Calls `visit(const ObjectKey&, const IndexEntry&)` for all in order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, entry] : entries_) visit(key, entry);
  }
  /// Removes what `condition(const ObjectKey&, const IndexEntry&)` says.
  template <typename Condition>
  void erase_if(Condition condition) {
    std::erase_if(entries_, [&](const auto& item) { return condition(item.first, item.second); });
  }

 private:
  Entries entries_;
};

}  // namespace shoal::storage
