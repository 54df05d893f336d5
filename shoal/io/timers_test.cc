#include "shoal/io/timers.h"

#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"

namespace shoal::io {
namespace {

using namespace std::chrono_literals;

TEST(LoopTimersTest, ExpiresNotBeforeItsTime) {
  EventLoop loop;
  LoopTimers timers(loop);
  MonotonicTime begin = timers.clock().monotonic();
  run_blocking(loop, timers.sleep_for(1ms));
  EXPECT_GE(timers.clock().monotonic() - begin, 1ms);
}

TEST(LoopTimersTest, PastDeadlineExpiresAtOnce) {
  EventLoop loop;
  LoopTimers timers(loop);
  std::unique_ptr<Timer> timer = timers.make_timer();
  EXPECT_EQ(run_blocking(loop, timer->wait_until(timers.clock().monotonic() - 1h)), Timer::Outcome::expired);
}

Task<Timer::Outcome> wait_and_cancel(EventLoop* loop, Timers* timers) {
  std::unique_ptr<Timer> timer = timers->make_timer();
  loop->post([&timer] { timer->cancel(); });
  co_return co_await timer->wait_until(timers->clock().monotonic() + 1h);
}

TEST(LoopTimersTest, CancelEndsTheWait) {
  EventLoop loop;
  LoopTimers timers(loop);
  EXPECT_EQ(run_blocking(loop, wait_and_cancel(&loop, &timers)), Timer::Outcome::cancelled);
}

Task<Timer::Outcome> wait_and_destroy(EventLoop* loop, Timers* timers) {
  std::unique_ptr<Timer> timer = timers->make_timer();
  loop->post([&timer] { timer.reset(); });
  co_return co_await timer->wait_until(timers->clock().monotonic() + 1h);
}

TEST(LoopTimersTest, DestroyingIsCancelling) {
  EventLoop loop;
  LoopTimers timers(loop);
  EXPECT_EQ(run_blocking(loop, wait_and_destroy(&loop, &timers)), Timer::Outcome::cancelled);
}

}  // namespace
}  // namespace shoal::io
