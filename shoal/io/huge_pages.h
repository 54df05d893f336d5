#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <unordered_set>
#include <vector>

#include "shoal/base/result.h"

namespace shoal::io {

/// Has the kernel gather what the heaps of this process have filled in huge pages (MADV_COLLAPSE of madvise(2), Linux
/// 6.1): in a cache of gigabytes nearly every object lies in a page whose address the processor has forgotten, and a
/// huge page is one address for 2 MiB. Where transparent huge pages are always on, khugepaged does the same some 16 MiB
/// in ten seconds; elsewhere nobody does.
///
/// Only memory that is there already is gathered, so that the process does not grow. A thread of its own.
class HugePages {
 public:
  /// Makes so many a second at most: while one is made, what touches new memory waits, for half a millisecond or so.
  /// Fails with not_supported if the kernel does not do that.
  static Result<std::unique_ptr<HugePages>> start(std::uint32_t pages_per_second);
  ~HugePages();  // waits for the page that is being made

  /// Since the start. Any thread.
  std::uint64_t made() const { return made_.load(std::memory_order_relaxed); }

 private:
  using Address = std::uintptr_t;

  HugePages(std::size_t page_bytes, std::uint32_t pages_per_second);
  void run(const std::stop_token& stop);
  /// Finds what would be whole and was not made yet, and forgets what is not whole any more.
  std::vector<Address> look();
  bool is_filled(Address begin) const;
  /// Whether it is worth going on with others.
  bool make(Address begin);
  /// False at the end.
  bool pause(const std::stop_token& stop, std::chrono::nanoseconds time);

  const std::size_t page_bytes_;
  const std::chrono::nanoseconds pause_after_each_;
  std::unordered_set<Address> done_;  // made, or never to be
  std::atomic<std::uint64_t> made_{0};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // the last: the others are there while it runs
};

}  // namespace shoal::io
