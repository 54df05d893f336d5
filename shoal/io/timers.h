#pragma once

#include <chrono>
#include <memory>

#include "shoal/base/clock.h"
#include "shoal/base/task.h"
#include "shoal/io/event_loop.h"

namespace shoal::io {

/// One coroutine's alarm. One loop.
class Timer {
 public:
  enum class Outcome { expired, cancelled };

  virtual ~Timer() = default;  // as cancel()

  /// Waits until the clock shows `deadline`, or until cancel(). A second wait cancels the first. A deadline in the past
  /// expires at once, after what is queued on the loop.
  virtual Task<Outcome> wait_until(MonotonicTime deadline) = 0;

  /// Ends the wait; without one it does nothing. A wait that has expired stays expired, even if its coroutine has not
  /// yet run on.
  virtual void cancel() = 0;
};

/// Where waiting for time comes from, for one loop. Tests and the simulator put their own here
/// (shoal/sim/simulated_timers.h).
class Timers {
 public:
  virtual ~Timers() = default;

  /// What the deadlines are measured with.
  virtual const Clock& clock() const = 0;
  virtual std::unique_ptr<Timer> make_timer() = 0;

  /// Waits that nobody will want to end early; who closes through a Gate uses a Timer that he can cancel.
  Task<void> sleep_until(MonotonicTime deadline);
  Task<void> sleep_for(std::chrono::nanoseconds duration);
};

/// Real time on a loop. Timers go before the loop does.
class LoopTimers final : public Timers {
 public:
  explicit LoopTimers(EventLoop& loop) : loop_(loop) {}
  const Clock& clock() const override { return system_clock(); }
  std::unique_ptr<Timer> make_timer() override;

 private:
  EventLoop& loop_;
};

}  // namespace shoal::io
