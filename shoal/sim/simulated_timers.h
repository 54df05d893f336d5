#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "shoal/io/suspend.h"
#include "shoal/io/timers.h"

namespace shoal::sim {

/// Timers that expire when the test says so. The loop is one that was not started; the test's thread runs it.
class SimulatedTimers final : public io::Timers {
 public:
  SimulatedTimers(io::EventLoop& loop, ManualClock& clock);
  ~SimulatedTimers() override;

  const Clock& clock() const override { return clock_; }
  std::unique_ptr<io::Timer> make_timer() override;

  /// Lets time pass: stops at each deadline on the way, earliest first, and runs the loop until nothing is left to do
  /// at that moment, so that what is woken may set further timers that expire on the way as well.
  void advance(std::chrono::nanoseconds by);
  /// Lets time pass until the next deadline; false if nobody waits.
  bool advance_to_next();

  std::size_t waiting() const { return waiting_->size(); }

 private:
  class Alarm;
  /// By deadline, then in the order of coming.
  using Key = std::pair<MonotonicTime, std::uint64_t>;
  using Waiting = std::map<Key, io::Resume<io::Timer::Outcome>>;

  void run_until_idle();
  void expire_first();

  io::EventLoop& loop_;
  ManualClock& clock_;
  std::uint64_t next_number_ = 0;
  std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();  // timers may outlive this object
};

}  // namespace shoal::sim
