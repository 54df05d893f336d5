#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/storage/layout.h"

namespace shoal::flash {

/// Where the copy of an object lies, and what is known of it without reading it.
struct FlashEntry {
  std::uint64_t hash = 0;         ///< of the key
  std::uint64_t state = 0;        ///< of the object: state_of()
  std::uint32_t segment = 0;      ///< id
  std::uint32_t position = 0;     ///< offset in the segment, in units of storage::record_alignment
  std::uint32_t confirmed = 0;    ///< when the store below was last known to have it, for the owner; 0: not known
  std::uint32_t units : 31 = 0;   ///< length of the record, in the same units; never 0
  std::uint32_t was_hit : 1 = 0;  ///< since it was written

  std::uint64_t bytes() const { return units * storage::record_alignment; }
};
static_assert(sizeof(FlashEntry) == 32, "memory per object is what limits how much flash a server can use");

/// A hash table of what is on flash, by the hash of the key. Open addressing in partitions that grow on their own, so
/// that no insertion stalls for the whole table. All memory is charged to the account. One owner at a time.
class FlashIndex {
 public:
  /// The account outlives the index.
  explicit FlashIndex(MemoryAccount& account) : account_(account) {}
  ~FlashIndex() { clear(); }
  FlashIndex(const FlashIndex&) = delete;  // its memory is charged once
  FlashIndex& operator=(const FlashIndex&) = delete;

  /// Null if there is none. Valid until the next put() or erase().
  FlashEntry* find(std::uint64_t hash) { return const_cast<FlashEntry*>(std::as_const(*this).find(hash)); }
  const FlashEntry* find(std::uint64_t hash) const;
  /// In the place of what the key had.
  void put(const FlashEntry& entry);
  /// Whether there was one.
  bool erase(std::uint64_t hash);
  void clear();

  std::uint64_t count() const { return count_; }
  std::uint64_t memory_bytes() const { return memory_bytes_; }
  /// By how much memory_bytes() would grow with a new entry of this hash.
  std::uint64_t growth_for(std::uint64_t hash) const;

 private:
  struct Partition {
    std::vector<FlashEntry> entries;  // a power of two, or none; free ones have no units
    std::size_t used = 0;
  };

  static std::size_t partition_of(std::uint64_t hash) { return hash >> 56; }
  /// Not the lowest bits: of these the slots are made, of which a loop has only some.
  static std::size_t home_of(std::uint64_t hash, std::size_t mask) { return (hash >> 14) & mask; }
  static std::size_t next_size(const Partition& partition);
  static bool is_full(const Partition& partition) { return (partition.used + 1) * 8 > partition.entries.size() * 7; }
  void grow(Partition& partition);

  MemoryAccount& account_;
  std::array<Partition, 256> partitions_;
  std::uint64_t count_ = 0;
  std::uint64_t memory_bytes_ = 0;
};

}  // namespace shoal::flash
