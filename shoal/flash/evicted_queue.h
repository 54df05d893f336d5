#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "shoal/base/memory_account.h"
#include "shoal/flash/flash_record.h"
#include "shoal/model/eviction_preview.h"

namespace shoal::flash {

/// Which objects, by bucket and name.
using Selection = std::function<bool(std::string_view bucket, std::string_view name)>;

/// What left memory before its turn to be written came: copies, charged to the account, in the order in which they
/// left.
class EvictedQueue {
 public:
  struct Item {
    ObjectKey key;
    FlashRecord record;              ///< without a place
    std::optional<ObjectInfo> info;  ///< nothing: a piece
    Body body;
    std::chrono::milliseconds confirmed_at{0};  ///< for the owner
    bool cancelled = false;

    /// As it was pushed, but for its age.
    EvictionCandidate candidate(std::chrono::milliseconds age) const;
  };

  /// The account outlives the queue.
  explicit EvictedQueue(MemoryAccount& account) : account_(account) {}
  ~EvictedQueue();
  EvictedQueue(const EvictedQueue&) = delete;  // its memory is charged once
  EvictedQueue& operator=(const EvictedQueue&) = delete;

  bool empty() const { return items_.empty(); }
  /// Of the bodies.
  std::uint64_t bytes() const { return bytes_; }
  /// The same object, or the same piece of it.
  bool contains(const FlashRecord& record) const;
  const Item& front() const { return items_.front(); }
  void pop_front();

  /// Of each object, or piece, at most one.
  void push(const EvictionCandidate& candidate, std::chrono::milliseconds confirmed_at);
  /// The object and all its pieces.
  void cancel(std::uint64_t hash);
  /// Unless it is of this state.
  void cancel_other(std::uint64_t hash, std::uint64_t state);
  void cancel_selected(const Selection& selection);

 private:
  /// Of an item without its body, about.
  static constexpr std::uint64_t item_bytes = 1024;

  MemoryAccount& account_;
  std::deque<Item> items_;
  std::unordered_multimap<std::uint64_t, Item*> by_object_;  // items of a deque stay where they are
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal::flash
