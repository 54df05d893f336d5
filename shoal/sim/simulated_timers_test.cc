#include "shoal/sim/simulated_timers.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class SimulatedTimersTest : public testing::Test {
 protected:
  void run_until_idle() {
    loop_.context().restart();
    loop_.context().poll();
  }

  io::EventLoop loop_;
  ManualClock clock_;
  SimulatedTimers timers_{loop_, clock_};
  std::vector<std::string> events_;
};

Task<void> ring_after(io::Timers* timers, std::chrono::nanoseconds delay, std::vector<std::string>* events,
                      std::string name) {
  co_await timers->sleep_for(delay);
  events->push_back(name);
}

Task<void> ring_twice(io::Timers* timers, std::chrono::nanoseconds delay, std::vector<std::string>* events) {
  co_await timers->sleep_for(delay);
  events->push_back("first");
  co_await timers->sleep_for(delay);
  events->push_back("second");
}

TEST_F(SimulatedTimersTest, ExpireInOrderAsTimePasses) {
  spawn(loop_, ring_after(&timers_, 3s, &events_, "three"));
  spawn(loop_, ring_after(&timers_, 1s, &events_, "one"));
  spawn(loop_, ring_after(&timers_, 1s, &events_, "one again"));
  timers_.advance(999ms);
  EXPECT_THAT(events_, IsEmpty());
  timers_.advance(1ms);
  EXPECT_THAT(events_, ElementsAre("one", "one again"));
  timers_.advance(1h);
  EXPECT_THAT(events_, ElementsAre("one", "one again", "three"));
  EXPECT_EQ(clock_.monotonic(), MonotonicTime(1h + 1s));
}

TEST_F(SimulatedTimersTest, WhatIsWokenMaySetATimerOnTheWay) {
  spawn(loop_, ring_twice(&timers_, 1s, &events_));
  timers_.advance(2s);
  EXPECT_THAT(events_, ElementsAre("first", "second"));
}

TEST_F(SimulatedTimersTest, JumpsToTheNextDeadline) {
  spawn(loop_, ring_twice(&timers_, 1h, &events_));
  EXPECT_TRUE(timers_.advance_to_next());
  EXPECT_THAT(events_, ElementsAre("first"));
  EXPECT_EQ(clock_.monotonic(), MonotonicTime(1h));
  EXPECT_TRUE(timers_.advance_to_next());
  EXPECT_FALSE(timers_.advance_to_next());
}

Task<void> wait_on(io::Timer* timer, MonotonicTime deadline, std::vector<std::string>* events) {
  io::Timer::Outcome outcome = co_await timer->wait_until(deadline);
  events->push_back(outcome == io::Timer::Outcome::expired ? "expired" : "cancelled");
}

TEST_F(SimulatedTimersTest, CancelAndDestructionEndTheWait) {
  std::unique_ptr<io::Timer> timer = timers_.make_timer();
  std::unique_ptr<io::Timer> other = timers_.make_timer();
  spawn(loop_, wait_on(timer.get(), MonotonicTime(1h), &events_));
  spawn(loop_, wait_on(other.get(), MonotonicTime(1h), &events_));
  run_until_idle();
  timer->cancel();
  other.reset();
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("cancelled", "cancelled"));
  EXPECT_EQ(timers_.waiting(), 0U);
}

TEST_F(SimulatedTimersTest, WaitsAreDestroyedWithTheTimers) {
  {
    ManualClock clock;
    SimulatedTimers timers(loop_, clock);
    spawn(loop_, ring_after(&timers, 1h, &events_, "never"));
    run_until_idle();
    EXPECT_EQ(timers.waiting(), 1U);
  }
  run_until_idle();
  EXPECT_THAT(events_, IsEmpty());
}

}  // namespace
}  // namespace shoal::sim
