#pragma once

#include <chrono>
#include <memory>

#include "shoal/base/task.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/metrics/duration_histogram.h"

namespace shoal::io {

/// Measures how late a loop is: asks for a turn ten times a second, and sees when it comes. What makes it late makes
/// every request on the loop late.
class LoopLag {
 public:
  static constexpr std::chrono::milliseconds interval{100};

  /// `timers` are those of the loop.
  explicit LoopLag(Timers& timers) : timers_(timers), timer_(timers.make_timer()) {}

  /// Measures until stop(). On the loop.
  Task<void> watch();
  /// Returns when watch() has ended. On the loop.
  Task<void> stop();

  /// Any thread.
  const metrics::DurationHistogram& lags() const { return lags_; }

 private:
  Timers& timers_;
  const std::unique_ptr<Timer> timer_;
  bool stopping_ = false;
  Gate gate_;
  metrics::DurationHistogram lags_;
};

}  // namespace shoal::io
