#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "shoal/base/clock.h"

namespace shoal {

/// For what happens again and again while something is wrong: lets a line through now and then, so that the log is not
/// what makes it worse. One thread.
class LogThrottle {
 public:
  explicit LogThrottle(std::chrono::nanoseconds interval) : interval_(interval) {}

  /// Whether a line is due: then how many occurrences, this one included, it stands for.
  std::optional<std::uint64_t> due(MonotonicTime now) {
    ++occurrences_;
    if (now < next_) return std::nullopt;
    next_ = now + interval_;
    return std::exchange(occurrences_, 0);
  }

 private:
  const std::chrono::nanoseconds interval_;
  MonotonicTime next_ = MonotonicTime::min();
  std::uint64_t occurrences_ = 0;
};

}  // namespace shoal
