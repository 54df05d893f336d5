#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "shoal/base/memory_account.h"

namespace shoal {

/// Divides one limit between the caches, which take what they are given, and all other accounts, which grow with what
/// clients do: bodies in flight, connections.
///
/// The others have a reserve. While they use most of it the budget is tight, and who would make them grow (a miss, a
/// request with a body) has to wait; when it is used up he is refused. rebalance() takes from the caches and makes the
/// reserve larger, up to half of the limit; it gives back when the others have shrunk.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit) { set_limit(limit); }
  MemoryBudget(const MemoryBudget&) = delete;  // one for the process
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Accounts, before there are other threads; they outlive this.
  void add(const MemoryAccount* account) { others_.push_back(account); }
  void add_cache(const MemoryAccount* account) { caches_.push_back(account); }

  /// Any thread.
  bool tight() const { return other_bytes() > reserve() / 4 * 3; }
  bool exhausted() const { return other_bytes() > reserve(); }
  std::uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  /// What the caches may take together.
  std::uint64_t for_caches() const { return for_caches_.load(std::memory_order_relaxed); }
  /// What the accounts hold now.
  std::uint64_t cache_bytes() const { return sum_of(caches_); }
  std::uint64_t other_bytes() const { return sum_of(others_); }

  /// At run time; afterwards tell the caches. One thread at a time, as rebalance().
  void set_limit(std::uint64_t bytes) {
    limit_.store(bytes, std::memory_order_relaxed);
    for_caches_.store(bytes - reserve_min(), std::memory_order_relaxed);
  }
  /// Fits the reserve to what the others use. Whether for_caches() changed: then tell the caches.
  bool rebalance() {
    std::uint64_t used = other_bytes();
    std::uint64_t reserve = limit() - for_caches();
    if (used > reserve / 2) {
      reserve = 2 * used;
    } else if (used < reserve / 4) {
      reserve -= reserve / 8;
    }
    std::uint64_t wanted = limit() - std::clamp(reserve, reserve_min(), limit() / 2);
    return for_caches_.exchange(wanted, std::memory_order_relaxed) != wanted;
  }

 private:
  static constexpr std::uint64_t reserve_bytes_min = 32 << 20;

  /// A cache that was told to shrink may hold more for a while: bodies that are being read.
  std::uint64_t reserve() const { return limit() - std::min(limit(), std::max(for_caches(), cache_bytes())); }
  std::uint64_t reserve_min() const { return std::min(limit() / 2, std::max(limit() / 8, reserve_bytes_min)); }
  static std::uint64_t sum_of(const std::vector<const MemoryAccount*>& accounts) {
    std::uint64_t sum = 0;
    for (const MemoryAccount* account : accounts) sum += account->bytes();
    return sum;
  }

  std::vector<const MemoryAccount*> others_;
  std::vector<const MemoryAccount*> caches_;
  std::atomic<std::uint64_t> limit_{0};
  std::atomic<std::uint64_t> for_caches_{0};
};

}  // namespace shoal
