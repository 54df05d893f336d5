#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "shoal/base/accounted_bytes.h"
#include "shoal/base/result.h"
#include "shoal/base/text_pool.h"
#include "shoal/model/list.h"
#include "shoal/model/object_key.h"
#include "shoal/storage/index_entry.h"
#include "shoal/storage/index_entry_codec.h"
#include "shoal/storage/index_page.h"
#include "shoal/storage/key_filter.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

/// Where a checkpoint has the bytes of a page.
struct PagePlace {
  std::uint32_t file = 0;  ///< 0: nowhere, it changed since
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;
  std::uint32_t checksum = 0;  ///< CRC-32C

  bool operator==(const PagePlace&) const = default;
};

/// The objects of one shard in order of (bucket, name), in front-coded pages, some 60 bytes an object for names of 50;
/// beside them a filter of the hashes, for those that are not there. Owned by the shard's loop. This class is the
/// border behind which the representation may change; cursors are valid until the next change.
///
/// A page that is as a checkpoint stored it may leave the memory but for its first name. What needs such a page must
/// not be asked for before it was filled: missing_page() tells which one that is.
class ShardIndex {
 public:
  std::optional<IndexEntry> find(const ObjectKeyView& key) const;
  /// The same with no more than what reading the object takes.
  std::optional<ObjectPlace> locate(const ObjectKeyView& key) const;
  /// Adds or replaces; returns what was there.
  std::optional<ObjectPlace> put(const ObjectKeyView& key, const IndexEntry& entry);
  std::optional<ObjectPlace> erase(const ObjectKeyView& key);
  /// The record of the key was copied. False, and nothing changes, unless the key still is at `from`.
  bool relocate(const ObjectKeyView& key, RecordLocation from, RecordLocation to);
  bool has_any(std::string_view bucket) const { return objects_.contains(bucket); }
  /// Removes what a bucket has with a smaller sequence number, as far as that is in memory: a page that has to be
  /// filled before it goes on, or nothing when it is done.
  std::optional<std::size_t> erase_older(std::string_view bucket, Sequence sequence);
  std::size_t size() const { return entries_; }

  /// Bytes of the records that the entries name, by segment, without those of extents.
  const std::map<SegmentId, std::uint64_t>& live_bytes() const { return live_bytes_; }
  /// Of entries that have any, by sequence number.
  const IndexEntryCodec::ExtentTable& extents() const { return codec_.extents(); }
  /// How many objects each bucket has here; no bucket without any.
  const std::map<std::string, std::uint64_t, std::less<>>& objects() const { return objects_; }

  /// The names of a bucket that begin with a prefix.
  class Scope {
   public:
    Scope(std::string_view bucket, std::string_view prefix)
        : first_(to_name(bucket, prefix)), bucket_bytes_(bucket.size() + 1) {}
    bool contains(std::string_view joined) const { return joined.starts_with(first_); }
    bool is_behind(std::string_view joined) const { return joined > first_ && !contains(joined); }
    std::size_t shared_bytes() const { return first_.size(); }
    std::string joined(std::string_view name) const { return first_.substr(0, bucket_bytes_).append(name); }
    std::string_view name(std::string_view joined) const { return joined.substr(bucket_bytes_); }

   private:
    std::string first_;  ///< bucket, NUL, prefix
    std::size_t bucket_bytes_;
  };

  /// Walks the names of a scope upwards (shard_index_cursor.cc).
  class Cursor {
   public:
    /// At the first name that is not less than `from`, which is not less than the scope's prefix. The scope must live
    /// as long as the cursor.
    Cursor(const ShardIndex& index, const Scope& scope, std::string_view from)
        : Cursor(index, scope, scope.joined(from), std::nullopt) {}
    /// The same in several shards. They wait for memory together, which is most of the time that this takes.
    static std::vector<Cursor> open(const std::vector<const ShardIndex*>& shards, const Scope& scope,
                                    std::string_view from);

    /// Also when it cannot go on: then there is a missing page.
    bool at_end() const { return at_end_; }
    std::optional<std::size_t> missing_page() const { return missing_page_; }
    std::string_view name() const { return scope_->name(joined_name()); }
    /// With the bucket and a NUL before it.
    std::string_view joined_name() const { return walk_.name(); }
    /// How many of its first bytes joined_name() has in common with what it was before next().
    std::size_t shared_bytes() const { return shared_bytes_; }
    IndexEntry entry() const { return index_->codec_.decode(walk_.payload(), walk_.name().size()); }
    /// What listings show, without the name: the ETag in `texts`, the other texts valid until the index changes.
    ListItem listed(TextPool& texts) const { return index_->codec_.decode_listed(walk_.payload(), texts); }
    void next();
    /// To the first name that is not less than `from`, which lies ahead.
    void seek(std::string_view from);

   private:
    /// `page`: where the name is or would be, if that is known.
    Cursor(const ShardIndex& index, const Scope& scope, const std::string& from, std::optional<std::size_t> page);
    void enter(std::size_t page, std::string_view from);
    void settle();

    const ShardIndex* index_;
    const Scope* scope_;
    std::size_t page_ = 0;
    IndexPage::Walk walk_;
    std::size_t shared_bytes_ = 0;
    bool at_end_ = false;
    std::optional<std::size_t> missing_page_;
  };

  /// Calls `visit(const ObjectKey&, const IndexEntry&)` for all in order that are in memory.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Page& page : pages_) {
      if (!page.resident) continue;
      for (IndexPage::Walk walk(page.entries); !walk.at_end(); walk.next()) {
        visit(to_key(walk.name()), codec_.decode(walk.payload(), walk.name().size()));
      }
    }
  }

  // The filter. Without it look-ups are slower, and right.

  /// The page whose keys are to be added to the filter next; nothing when it is complete.
  std::optional<std::size_t> next_filter_page() const;
  /// `entries` is that page as it is now, in memory or not.
  void add_page_to_filter(const IndexPage& entries);

  // Pages.

  std::size_t page_count() const { return pages_.size(); }
  /// The page that look-ups of the key need; nothing if it is in memory, or if they can tell without.
  std::optional<std::size_t> missing_page(const ObjectKeyView& key) const;
  /// The page that changes of the key need; nothing if it is in memory.
  std::optional<std::size_t> missing_page_for_change(const ObjectKeyView& key) const;
  bool is_resident(std::size_t page) const { return pages_[page].resident; }
  bool is_all_resident() const { return pages_missing_ == 0; }
  /// Where the newest checkpoint has the page; file 0: nowhere.
  PagePlace place_of_page(std::size_t page) const;
  const IndexPage& entries_of_page(std::size_t page) const { return pages_[page].entries; }
  /// Gives the page that lies there its entries, unless it has some by now or has gone.
  void fill_page(const PagePlace& place, IndexPage entries);
  /// Gives up the memory of a page that is stored. Not if it was used since the last time this was asked for, or
  /// `is_needed(first key, first key of the next page or null)` says so.
  using IsNeeded = std::function<bool(const ObjectKey& first, const ObjectKey* behind)>;
  bool evict_page(std::size_t page, const IsNeeded& is_needed);
  /// The same bytes lie elsewhere now.
  void move_page(const IndexPage& entries, const PagePlace& from, const PagePlace& to);
  /// Of pages, what finds them, and the filter.
  std::uint64_t memory_bytes() const;
  /// From now on that is charged to the account, which outlives the index.
  void charge_to(MemoryAccount* account);

  // Checkpoints (shard_index_image.cc).

  /// Stores the bytes of a page, and says where.
  using StorePage = std::function<PagePlace(std::string_view)>;
  /// Describes the shard, with its pages by their places: those that changed since they were stored last, and those in
  /// memory that lie in files of which `is_unwanted` says so, are stored anew.
  std::string save(const StorePage& store, const std::function<bool(std::uint32_t file)>& is_unwanted);
  /// The bytes of pages in these files are not to be relied on.
  void forget_places(const std::function<bool(std::uint32_t file)>& is_lost);
  /// A shard from its description, with no page in memory.
  static Result<ShardIndex> load(std::string_view saved);
  /// How many bytes of each file the pages use.
  void add_used_bytes(std::map<std::uint32_t, std::uint64_t>& by_file) const;

 private:
  struct Page {
    [[no_unique_address]] IndexPage entries;  ///< so that the next member lies in its padding: 32 bytes in all
    std::uint32_t file = 0;                   ///< of the newest checkpoint that has these bytes; 0: none
    std::uint32_t checksum = 0;
    std::uint32_t bytes : 30 = 0;     ///< as stored
    bool resident : 1 = true;         ///< else `entries` has but the first name
    mutable bool recent : 1 = false;  ///< used since eviction came by
    std::uint64_t offset = 0;
  };

  /// Whether the page begins with the name or a smaller one.
  static bool begins_by(const Page& page, std::string_view name) {
    return !page.entries.empty() && page.entries.first_name() <= name;
  }
  /// Bucket and name of an object as the pages have them. Usual ones need no memory of their own.
  class JoinedName {
   public:
    explicit JoinedName(const ObjectKeyView& key);
    operator std::string_view() const { return {text_.data(), text_.size()}; }
    std::size_t size() const { return text_.size(); }

   private:
    boost::container::small_vector<char, 128> text_;
  };

  static std::string to_name(std::string_view bucket, std::string_view name);
  static ObjectKey to_key(std::string_view name);
  /// Index of the page in which the name is, or would be put. There is at least one page.
  std::size_t page_of(std::string_view name) const;
  void put_payload(std::size_t page, const IndexPage::Place& place, std::string_view name, std::string_view payload);
  void merge_if_small(std::size_t page);
  /// The page of which a look-up or a change wants the entries.
  const IndexPage& use(std::size_t page) const;
  IndexPage& change(std::size_t page);
  void note_size(std::size_t before, std::size_t after) {
    page_bytes_ += after - before;
    charged_.set(memory_bytes());
  }
  bool is_filtered(std::string_view name) const { return !filter_end_ || name < *filter_end_; }
  void drop_live(RecordLocation location);

  std::vector<Page> pages_ = std::vector<Page>(1);  ///< in order; none is empty but a single one
  std::size_t entries_ = 0;
  std::uint64_t page_bytes_ = 0;
  AccountedBytes charged_;
  std::size_t pages_missing_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> objects_;  ///< by bucket
  IndexEntryCodec codec_;
  std::map<SegmentId, std::uint64_t> live_bytes_;
  KeyFilter filter_;
  std::optional<std::string> filter_end_;  ///< names from here on are not in the filter yet; nothing: it is complete
};

}  // namespace shoal::storage
