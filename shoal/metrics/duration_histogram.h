#pragma once

#include <algorithm>
#include <array>
#include <bit>
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

 private:
  /// The class of so many nanoseconds, which is `at` or one behind it.
  static constexpr std::size_t class_from(std::size_t at, std::uint64_t ns) {
    while (at < bounds_us.size() && ns > static_cast<std::uint64_t>(bounds_us[at]) * 1'000) ++at;
    return at;
  }

 public:
  void record(std::chrono::nanoseconds duration) {
    counts_[class_of(duration)].add(1);
    sum_ns_.add(static_cast<std::uint64_t>(duration.count()));
  }

  static std::size_t class_of(std::chrono::nanoseconds duration) {
    // The lowest class that a number of so many binary digits can be in.
    static constexpr auto first_class = [] {
      std::array<std::uint8_t, 65> classes{};
      for (std::size_t digits = 1; digits < classes.size(); ++digits) {
        classes[digits] = static_cast<std::uint8_t>(class_from(0, std::uint64_t{1} << (digits - 1)));
      }
      return classes;
    }();
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    return class_from(first_class[static_cast<std::size_t>(std::bit_width(ns))], ns);
  }
  /// Of one class, not cumulated.
  std::uint64_t count(std::size_t at) const { return counts_[at].value(); }
  std::chrono::nanoseconds sum() const { return std::chrono::nanoseconds(sum_ns_.value()); }

 private:
  std::array<LoopCounter, class_count> counts_;
  LoopCounter sum_ns_;
};

}  // namespace shoal::metrics
