#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/cache/policy_node.h"
#include "shoal/model/buffer.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_key.h"

namespace shoal::cache {

/// What an entry is found by: an object, or one piece of one version of an object. Borrows its texts.
struct EntryKey {
  static constexpr std::uint32_t whole = UINT32_MAX;

  std::uint64_t hash;
  std::string_view bucket;
  std::string_view name;
  Version version;              ///< of pieces only
  std::uint32_t piece = whole;  ///< number of the piece

  /// The object itself.
  EntryKey(const ObjectKeyView& key) : hash(key.hash), bucket(key.bucket), name(key.name) {}  // NOLINT: the same thing
  EntryKey(const ObjectKeyView& key, Version version_of_piece, std::uint32_t piece_number);
};

/// What the directory knows of one key. Made and freed by a Directory, never moved. The name stands right behind it,
/// and behind that, of pieces, version and number.
struct Entry : PolicyNode {
  static constexpr std::uint32_t not_in_use = UINT32_MAX;

  ObjectInfoPtr info;  ///< null: there is no such object (of a piece always null)
  BufferRef body;      ///< all of it; null if empty
  /// Of an entry with a body: its place among those that were handed out, or not_in_use. Of a missing key: when it
  /// expires, in milliseconds since the cache was made.
  std::uint32_t in_use_or_expiry = not_in_use;
  std::uint32_t bucket = 0;  ///< index into the buckets of the directory
  std::uint16_t name_size = 0;
  bool is_piece = false;
  bool revoked = false;  ///< A write is running: it must not be served.

  bool is_missing_key() const { return info == nullptr && !is_piece; }
  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size}; }
};
static_assert(sizeof(Entry) <= 72, "the design allows 64 bytes and what says how long the name is");

/// A hash table from keys to entries. Open addressing in 256 segments that grow on their own, so that no insertion
/// stalls for the whole table. Everything it allocates is charged to the account. One owner at a time.
class Directory {
 public:
  explicit Directory(MemoryAccount& account) : account_(account) {}
  ~Directory();
  Directory(const Directory&) = delete;  // owns the entries
  Directory& operator=(const Directory&) = delete;

  Entry* find(const EntryKey& key) const;
  /// A new entry for a key that has none, linked to nothing yet.
  Entry& insert(const EntryKey& key);
  void erase(Entry& entry);
  /// No entry of the bucket is found from now on; they go when their owner erases them. One made later under this name
  /// is another bucket.
  void retire_bucket(std::string_view name);

  /// Bytes that an entry for this key takes, without what it points at.
  static std::uint64_t entry_bytes(const EntryKey& key);
  static std::uint64_t entry_bytes(const Entry& entry);
  /// Bytes of the tables, without the entries.
  std::uint64_t table_bytes() const { return table_bytes_; }
  /// By how much table_bytes() grows when this key is inserted.
  std::uint64_t growth_for(const EntryKey& key) const;
  std::uint64_t count() const { return count_; }
  const std::string& bucket_name(const Entry& entry) const { return buckets_[entry.bucket].name; }

 private:
  struct Segment {
    std::vector<Entry*> slots;  // a power of two, or none; null: free
    std::uint32_t used = 0;
  };
  struct Bucket {
    std::string name;
    std::uint64_t entries = 0;
    bool retired = false;
  };

  static std::size_t segment_of(std::uint64_t hash) { return hash >> 56; }
  static bool is_full(const Segment& segment) { return (segment.used + 1) * 4 > segment.slots.size() * 3; }
  bool matches(const Entry& entry, const EntryKey& key) const;
  void resize(Segment& segment, std::size_t slots);
  static void place(Segment& segment, Entry* entry);
  std::uint32_t bucket_index(std::string_view name);
  void free(Entry& entry);

  MemoryAccount& account_;
  std::array<Segment, 256> segments_;
  std::vector<Bucket> buckets_;                                       // indexes stay while a bucket has entries
  std::map<std::string, std::uint32_t, std::less<>> bucket_indexes_;  // of those that are not retired
  std::uint64_t table_bytes_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace shoal::cache
