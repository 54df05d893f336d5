#include "shoal/io/loop_lag.h"

#include <gtest/gtest.h>

#include "shoal/sim/simulated_timers.h"

namespace shoal::io {
namespace {

using namespace std::chrono_literals;

class LoopLagTest : public testing::Test {
 protected:
  std::uint64_t looks() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < metrics::DurationHistogram::class_count; ++i) sum += lag_.lags().count(i);
    return sum;
  }

  EventLoop loop_;
  ManualClock clock_;
  sim::SimulatedTimers timers_{loop_, clock_};
  LoopLag lag_{timers_};
};

TEST_F(LoopLagTest, ALoopThatIsInTimeHasNone) {
  spawn(loop_, lag_.watch());
  timers_.advance(1s);
  EXPECT_EQ(looks(), 10);
  EXPECT_EQ(lag_.lags().sum(), 0ns);
  spawn(loop_, lag_.stop());
  timers_.advance(0s);
}

TEST_F(LoopLagTest, WorkThatHeldTheLoopUpIsSeen) {
  spawn(loop_, lag_.watch());
  timers_.advance(0s);
  clock_.advance(350ms);  // the loop does something else meanwhile
  timers_.advance(0s);
  EXPECT_EQ(looks(), 1);
  EXPECT_EQ(lag_.lags().sum(), 250ms);
  spawn(loop_, lag_.stop());
  timers_.advance(0s);
}

TEST_F(LoopLagTest, EndsWhenItIsStopped) {
  spawn(loop_, lag_.watch());
  timers_.advance(0s);
  spawn(loop_, lag_.stop());
  timers_.advance(0s);
  EXPECT_EQ(timers_.waiting(), 0);
}

}  // namespace
}  // namespace shoal::io
