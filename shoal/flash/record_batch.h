#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/flash/flash_record.h"
#include "shoal/storage/record.h"

namespace shoal::flash {

/// Records on their way to the end of a segment, in one piece of memory that is written at once. Copies of objects, so
/// that no cache has to wait for the disk with what it evicts. What changes meanwhile is cancelled: it is written all
/// the same, and nobody will look for it.
class RecordBatch {
 public:
  /// The account is charged with the memory, and outlives the batch.
  explicit RecordBatch(MemoryAccount& account) : account_(account) {}
  ~RecordBatch() { account_.release(charged_); }
  RecordBatch(const RecordBatch&) = delete;  // its memory is charged once
  RecordBatch& operator=(const RecordBatch&) = delete;

  struct Item {
    FlashRecord record;
    std::uint32_t confirmed = 0;     ///< as FlashEntry has it
    std::uint32_t from_segment = 0;  ///< of what is written again: where it lies now; 0: it is new on flash
    bool cancelled = false;
  };

  /// The next record of the batch comes to this place, now and until clear().
  void begin_at(storage::RecordPlace place) { begin_ = place; }
  bool empty() const { return items_.empty(); }
  std::uint64_t bytes() const { return bytes_.size(); }
  ByteSpan span() const { return bytes_; }
  const std::vector<Item>& items() const { return items_; }
  std::vector<FlashRecord> records() const;

  /// The same object, or the same piece of it.
  bool contains(const FlashRecord& record) const;
  /// `item.record` needs no place. Of each object, or piece, at most one.
  void add(const storage::Record& record, Item item);
  /// The object and all its pieces.
  void cancel(std::uint64_t hash);
  /// Unless it is of this state.
  void cancel_other(std::uint64_t hash, std::uint64_t state);
  /// Keeps the memory for the next ones.
  void clear();

 private:
  void recount_memory();

  MemoryAccount& account_;
  std::uint64_t charged_ = 0;
  storage::RecordPlace begin_;
  std::vector<std::byte> bytes_;
  std::vector<Item> items_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_object_;
};

}  // namespace shoal::flash
