#pragma once

#include <chrono>

#include "shoal/base/clock.h"

namespace shoal::storage {

/// Tells when it is time to say how far long work has come: every second, not before the first.
class ProgressTimer {
 public:
  explicit ProgressTimer(const Clock* clock) : clock_(clock), next_(clock->monotonic() + interval) {}
  bool is_due() {
    if (clock_->monotonic() < next_) return false;
    next_ = clock_->monotonic() + interval;
    return true;
  }

 private:
  static constexpr std::chrono::seconds interval{1};
  const Clock* clock_;
  MonotonicTime next_;
};

}  // namespace shoal::storage
