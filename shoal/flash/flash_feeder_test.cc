#include "shoal/flash/flash_feeder.h"

#include <gtest/gtest.h>

#include "shoal/flash/flash_cache_test.h"
#include "shoal/sim/simulated_timers.h"

namespace shoal::flash {
namespace {

class FlashFeederTest : public FlashCacheTest {
 protected:
  io::EventLoop event_loop_;
  sim::SimulatedTimers timers_{event_loop_, clock_};
};

TEST_F(FlashFeederTest, WritesNoMoreASecondThanItMay) {
  options_.log.capacity = 4_MiB;
  open();
  for (int i = 0; i < 300; ++i) {
    put_below(std::to_string(i), test_text(1'000));
    add_to_tail(std::to_string(i));
  }
  FlashFeeder feeder(*flash_, tail_, timers_, {.bytes_per_second = 50'000, .interval = milliseconds(100)});
  auto running = testing::start_task(event_loop_.context(), feeder.run());
  timers_.advance(seconds(2));
  EXPECT_GT(flash_->stats().bytes_written, 90'000U);
  EXPECT_LE(flash_->stats().bytes_written, 102'000U);
  timers_.advance(seconds(10));
  EXPECT_EQ(flash_->stats().objects_written, 300U);
  testing::run_task(event_loop_.context(), feeder.stop());
  EXPECT_TRUE(running.done());
}

}  // namespace
}  // namespace shoal::flash
