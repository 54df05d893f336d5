#pragma once

#include <atomic>
#include <cstdint>

namespace shoal::metrics {

/// A number that one loop changes and any thread reads: plain loads and stores, no locked instruction.
class LoopCounter {
 public:
  void add(std::uint64_t by) { value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed); }
  void subtract(std::uint64_t by) {
    value_.store(value_.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace shoal::metrics
