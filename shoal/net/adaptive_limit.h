#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "shoal/base/clock.h"

namespace shoal::net {

/// How many requests a server is given at a time: one more after as many successes as it is given now, half as many
/// when it says that it is too much (additive increase, multiplicative decrease: Chiu and Jain, "Analysis of the
/// Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks", 1989). One owner at a time.
class AdaptiveLimit {
 public:
  explicit AdaptiveLimit(std::uint32_t most) : most_(most), value_(most) {}

  std::uint32_t value() const { return static_cast<std::uint32_t>(value_); }

  void succeeded() { value_ = std::min<double>(value_ + 1 / value_, most_); }
  /// What is refused soon after was on its way already, and tells nothing new.
  void refused(MonotonicTime now) {
    if (now < deaf_until_) return;
    deaf_until_ = now + deaf_time;
    value_ = std::max(value_ / 2, 1.0);
  }

 private:
  static constexpr std::chrono::milliseconds deaf_time{100};

  std::uint32_t most_;
  double value_;
  MonotonicTime deaf_until_{};
};

}  // namespace shoal::net
