#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/model/checksum.h"
#include "shoal/model/object_key.h"
#include "shoal/storage/index_page.h"
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

/// The objects of one shard in order of (bucket, name), in front-coded pages: some 60 bytes an object for names of 50.
/// Owned by the shard's loop. This class is the border behind which the representation may change; cursors are valid
/// until the next change.
class ShardIndex {
 public:
  struct Key {
    std::string_view bucket;
    std::string_view name;
    Key(std::string_view bucket_name, std::string_view object_name) : bucket(bucket_name), name(object_name) {}
    Key(const ObjectKey& key) : bucket(key.bucket), name(key.name) {}  // NOLINT(google-explicit-constructor): a view
  };

  std::optional<IndexEntry> find(Key key) const;
  /// Adds or replaces; returns what was there.
  std::optional<IndexEntry> put(Key key, IndexEntry entry);
  std::optional<IndexEntry> erase(Key key);
  /// The record of the key was copied. False, and nothing changes, unless the key still is at `from`.
  bool relocate(Key key, RecordLocation from, RecordLocation to);
  bool has_any(std::string_view bucket) const;
  std::size_t size() const { return entries_; }

  /// Walks the names of one bucket upwards.
  class Cursor {
   public:
    /// At the first name that is not less than `from`.
    Cursor(const ShardIndex& index, std::string_view bucket, std::string_view from);
    bool at_end() const { return at_end_; }
    std::string_view name() const { return std::string_view(walk_.name()).substr(bucket_.size()); }
    IndexEntry entry() const { return index_->decode(walk_.payload()); }
    void next();
    /// To the first name that is not less than `from`, which lies ahead.
    void seek(std::string_view from);

   private:
    void settle();

    const ShardIndex* index_;
    std::string bucket_;  ///< with the NUL behind it
    std::size_t page_;
    IndexPage::Walk walk_;
    bool at_end_ = false;
  };

  /// Calls `visit(const ObjectKey&, const IndexEntry&)` for all in order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const IndexPage& page : pages_) {
      for (IndexPage::Walk walk(page); !walk.at_end(); walk.next()) visit(to_key(walk.name()), decode(walk.payload()));
    }
  }
  /// Removes what `condition(const ObjectKey&, const IndexEntry&)` says.
  template <typename Condition>
  void erase_if(Condition condition) {
    std::vector<ObjectKey> erased;
    for_each([&](const ObjectKey& key, const IndexEntry& entry) {
      if (condition(key, entry)) erased.push_back(key);
    });
    for (const ObjectKey& key : erased) erase(key);
  }

 private:
  /// What many objects have in common.
  struct Profile {
    std::string owner;
    std::string storage_class;
    std::vector<Checksum> checksums;
    bool operator==(const Profile&) const = default;
  };

  static std::string to_name(Key key);
  static ObjectKey to_key(std::string_view name);
  /// Index of the page in which the name is, or would be put. There is at least one page.
  std::size_t page_of(std::string_view name) const;
  void put_payload(std::size_t page, const IndexPage::Place& place, std::string_view name, std::string_view payload);
  std::uint64_t profile_of(const IndexEntry& entry);
  std::string encode(const IndexEntry& entry);
  IndexEntry decode(std::string_view payload) const;

  std::vector<IndexPage> pages_ = std::vector<IndexPage>(1);  ///< in order; none is empty but a single one
  std::size_t entries_ = 0;
  std::vector<Profile> profiles_;
  std::unordered_map<Sequence, std::shared_ptr<const ExtentList>> extents_;  ///< of objects that have any
};

}  // namespace shoal::storage
