#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/cache/cached_info.h"
#include "shoal/cache/piece_chains.h"
#include "shoal/cache/policy_node.h"
#include "shoal/model/buffer.h"
#include "shoal/model/object_key.h"

namespace shoal::cache {

/// What an entry is found by: an object, or one piece of one version of an object. Borrows its texts.
struct EntryKey {
  static constexpr std::uint32_t whole = UINT32_MAX;

  std::uint64_t hash;
  std::uint64_t object_hash;  ///< the same for all pieces of an object
  std::string_view bucket;
  std::string_view name;
  Version version;              ///< of pieces only
  std::uint32_t piece = whole;  ///< number of the piece

  /// The object itself.
  EntryKey(const ObjectKeyView& key)  // NOLINT(google-explicit-constructor): the same thing
      : hash(key.hash), object_hash(key.hash), bucket(key.bucket), name(key.name) {}
  EntryKey(const ObjectKeyView& key, Version version_of_piece, std::uint32_t piece_number);

  bool is_piece() const { return piece != whole; }
};

/// What the directory knows of one key. Made and freed by a Directory, never moved. The name stands right behind it
/// (of a piece: behind the PieceEntry).
struct Entry : PolicyNode {
  static constexpr std::uint32_t not_in_use = UINT32_MAX;

  CachedInfo info;  ///< none: there is no such object (of a piece always none)
  BufferRef body;   ///< all of it; null if empty
  /// Of an entry with a body: its place among those that were handed out, or not_in_use. Of a missing key: when it
  /// expires, in milliseconds since the cache was made.
  std::uint32_t in_use_or_expiry = not_in_use;
  std::uint32_t bucket = 0;    ///< index into the buckets of the directory
  std::uint32_t since_ms = 0;  ///< when this version came in, in milliseconds since the cache was made
  std::uint16_t name_size : 15 = 0;
  std::uint16_t doubted : 1 = 0;  ///< Somebody said that it has changed: to be compared with the store below.
  std::uint8_t hits = 0;          ///< of this key since it came in, at most 255: for people
  std::uint8_t share : 4 = 0;     ///< For the owner: which of his policies has it.
  bool is_piece : 1 = false;
  bool revoked : 1 = false;  ///< A write is running: it must not be served.
  bool awaited : 1 = false;  ///< Known from before a restart; its body was not read back yet.
  bool kept : 1 = false;     ///< Never evicted: the owner has it in a list of his own, not in a policy.

  bool is_missing_key() const { return !info && !is_piece && !awaited; }
  std::string_view name() const;
  void count_hit() { hits = static_cast<std::uint8_t>(hits + (hits < UINT8_MAX ? 1 : 0)); }
};
static_assert(sizeof(Entry) <= 64, "memory per object is what decides how many a cache can hold");

/// A piece of one version of a large object.
struct PieceEntry : Entry {
  Version version;
  std::uint64_t state = 0;  ///< of the object, as state_of() tells it; for the owner
  std::uint64_t object_hash = 0;
  PieceEntry* next_in_chain = nullptr;  // of PieceChains
  PieceEntry* previous_in_chain = nullptr;
  std::uint32_t piece = 0;  ///< its number
};

inline std::string_view Entry::name() const {
  const void* behind = is_piece ? static_cast<const void*>(static_cast<const PieceEntry*>(this) + 1) : this + 1;
  return {static_cast<const char*>(behind), name_size};
}

/// A hash table from keys to entries. Open addressing in 256 segments that grow on their own, so that no insertion
/// stalls for the whole table. Everything it allocates is charged to the account. One owner at a time.
class Directory {
 public:
  explicit Directory(MemoryAccount& account) : account_(account), pieces_(account) {}
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
  /// Any cached piece of the object, or null.
  PieceEntry* any_piece_of(const EntryKey& object) const {
    return next_piece_of(object, pieces_.chain_of(object.object_hash));
  }
  template <typename Visit>
  void for_each_piece_of(const EntryKey& object, Visit visit) const {
    for (PieceEntry* piece = any_piece_of(object); piece != nullptr;
         piece = next_piece_of(object, piece->next_in_chain)) {
      visit(*piece);
    }
  }
  /// An entry by its hash alone; null if there is none.
  Entry* find_hash(std::uint64_t hash) const;

  /// For walks through all entries that let others have their turn in between.
  static constexpr std::size_t part_count = 256;
  /// The hashes of the entries in one part of so many; of retired buckets too.
  std::vector<std::uint64_t> hashes_in_part(std::size_t part) const;
  bool is_retired(const Entry& entry) const { return buckets_[entry.bucket].retired; }

  /// Bytes that an entry for this key takes, without what it points at.
  static std::uint64_t entry_bytes(const EntryKey& key);
  static std::uint64_t entry_bytes(const Entry& entry);
  /// Bytes of the tables, without the entries.
  std::uint64_t table_bytes() const { return table_bytes_ + pieces_.table_bytes(); }
  /// Bytes of the entries, without what they point at.
  std::uint64_t entries_bytes() const { return entries_bytes_; }
  /// By how much table_bytes() grows when this key is inserted.
  std::uint64_t growth_for(const EntryKey& key) const;
  std::uint64_t count() const { return count_; }
  /// A hash of the bucket and the first part of the name, up to and with its first slash; never 0.
  std::uint64_t origin_of(const Entry& entry) const;
  const std::string& bucket_name(const Entry& entry) const { return buckets_[entry.bucket].name; }

 private:
  /// A pointer to an entry, and in the 16 bits that addresses leave free a part of its hash: a look-up then touches the
  /// memory of the entry that it looks for, and seldom that of another.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(Entry* entry);
    Entry* entry() const;
    bool is_free() const { return bits_ == 0; }
    bool may_have(std::uint64_t hash) const { return (bits_ ^ tag_of(hash)) >> address_bits == 0; }

   private:
    static constexpr unsigned address_bits = 48;
    /// From bits that choose neither the segment nor, in any table that fits into memory, the place in it.
    static std::uint64_t tag_of(std::uint64_t hash) { return hash << 8 >> address_bits << address_bits; }

    std::uint64_t bits_ = 0;
  };
  struct Segment {
    std::vector<Slot> slots;  // a power of two, or none
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
  bool has_name(const Entry& entry, const EntryKey& key) const;
  PieceEntry* next_piece_of(const EntryKey& object, PieceEntry* from) const;
  void resize(Segment& segment, std::size_t slots);
  static void place(Segment& segment, Entry* entry);
  std::uint32_t bucket_index(std::string_view name);
  void free(Entry& entry);

  MemoryAccount& account_;
  std::array<Segment, part_count> segments_;
  std::vector<Bucket> buckets_;                                       // indexes stay while a bucket has entries
  std::map<std::string, std::uint32_t, std::less<>> bucket_indexes_;  // of those that are not retired
  PieceChains pieces_;
  std::uint64_t table_bytes_ = 0;  // without those of pieces_
  std::uint64_t entries_bytes_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace shoal::cache
