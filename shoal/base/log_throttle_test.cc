#include "shoal/base/log_throttle.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using namespace std::chrono_literals;

TEST(LogThrottleTest, TheFirstIsTold) {
  LogThrottle throttle(10s);
  EXPECT_EQ(throttle.due(MonotonicTime(0s)), 1);
}

TEST(LogThrottleTest, TheNextLineStandsForAllSince) {
  LogThrottle throttle(10s);
  throttle.due(MonotonicTime(0s));
  EXPECT_EQ(throttle.due(MonotonicTime(1s)), std::nullopt);
  EXPECT_EQ(throttle.due(MonotonicTime(9s)), std::nullopt);
  EXPECT_EQ(throttle.due(MonotonicTime(10s)), 3);
  EXPECT_EQ(throttle.due(MonotonicTime(11s)), std::nullopt);
}

}  // namespace
}  // namespace shoal
