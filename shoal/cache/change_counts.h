#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "shoal/model/loan.h"

namespace shoal::cache {

/// Counts changes of objects, so that loans end with them. Objects share counters: a loan may end without a reason, and
/// never stays without one. One loop changes them, others read them through their loans.
class ChangeCounts {
 public:
  ChangeCounts() = default;
  ChangeCounts(const ChangeCounts&) = delete;  // loans point here
  ChangeCounts& operator=(const ChangeCounts&) = delete;

  /// The object changes, or may be about to. Before anybody can have been told.
  void change(std::uint64_t hash) { count(of(hash)); }
  void change_all() {
    for (std::atomic<std::uint32_t>& counter : counters_) count(counter);
  }
  Loan lend(std::uint64_t hash, MonotonicTime until) { return {of(hash), until}; }

 private:
  /// A write ends the loans of one in so many other objects. 16 KiB.
  static constexpr std::size_t counter_count = 4096;

  /// By bits that do not say which loop owns the object, and so are not the same for all of one loop.
  std::atomic<std::uint32_t>& of(std::uint64_t hash) { return counters_[(hash >> 24) % counter_count]; }
  static void count(std::atomic<std::uint32_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::array<std::atomic<std::uint32_t>, counter_count> counters_{};
};

}  // namespace shoal::cache
