#include "shoal/io/signals.h"

#include <csignal>

#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"

namespace shoal::io {
namespace {

TEST(SignalsTest, GivesSignalsOneByOne) {
  EventLoop loop;
  Signals signals(loop, {SIGTERM, SIGINT});
  ASSERT_EQ(std::raise(SIGTERM), 0);
  EXPECT_EQ(run_blocking(loop, signals.next()), SIGTERM);
  ASSERT_EQ(std::raise(SIGINT), 0);
  EXPECT_EQ(run_blocking(loop, signals.next()), SIGINT);
}

Task<int> wait_and_cancel(Signals* signals, EventLoop* loop) {
  loop->post([signals] { signals->cancel(); });
  co_return co_await signals->next();
}

TEST(SignalsTest, CancelEndsTheWait) {
  EventLoop loop;
  Signals signals(loop, {SIGTERM});
  EXPECT_EQ(run_blocking(loop, wait_and_cancel(&signals, &loop)), 0);
}

}  // namespace
}  // namespace shoal::io
