#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shoal/metrics/loop_counter.h"

namespace shoal::metrics {

/// How often something took how long. One loop records, any thread reads: a class and the sum may differ by what is
/// being recorded.
class DurationHistogram {
 public:
  /// Upper bounds of the classes, included, in microseconds; one more class holds what is above them.
  static constexpr std::array<std::int64_t, 21> bounds_us = {
      1,     2,      5,      10,     20,      50,      100,     200,       500,       1'000,     2'000,
      5'000, 10'000, 20'000, 50'000, 100'000, 200'000, 500'000, 1'000'000, 5'000'000, 30'000'000};
  static constexpr std::size_t class_count = bounds_us.size() + 1;

  void record(std::chrono::nanoseconds duration) {
    std::size_t at = 0;
    while (at < bounds_us.size() && duration > std::chrono::microseconds(bounds_us[at])) ++at;
    counts_[at].add(1);
    sum_ns_.add(static_cast<std::uint64_t>(duration.count()));
  }

  /// Of one class, not cumulated.
  std::uint64_t count(std::size_t at) const { return counts_[at].value(); }
  std::chrono::nanoseconds sum() const { return std::chrono::nanoseconds(sum_ns_.value()); }

 private:
  std::array<LoopCounter, class_count> counts_;
  LoopCounter sum_ns_;
};

}  // namespace shoal::metrics
