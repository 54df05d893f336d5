#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

namespace shoal::io {

/// Gives back to the system what the heaps of this process have free between blocks that are in use (malloc_trim(3)).
/// The C library by itself gives back only what is free at the end of a heap (keep_freed_memory()), so that one small
/// block there keeps all that a busy moment once needed below it. A thread of its own.
class HeapTrimmer {
 public:
  /// Looks every `interval` whether more than `freed_bytes_max` are in RAM and free, and then gives all back that is
  /// whole pages. As long as that is so at each look, looks twice as long later each time, up to 64 intervals. Who
  /// takes memory from a heap meanwhile waits: ten milliseconds or so, if it is 100 MiB.
  HeapTrimmer(std::uint64_t freed_bytes_max, std::chrono::milliseconds interval);
  ~HeapTrimmer();  // waits for what has begun

  /// How often it had to, since the start. Any thread.
  std::uint64_t trims() const { return trims_.load(std::memory_order_relaxed); }

 private:
  void run(const std::stop_token& stop);
  bool has_much_freed() const;

  const std::uint64_t freed_bytes_max_;
  const std::chrono::milliseconds interval_;
  std::atomic<std::uint64_t> trims_{0};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // the last: the others are there while it runs
};

}  // namespace shoal::io
