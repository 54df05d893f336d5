#include "shoal/net/adaptive_limit.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

using std::chrono::milliseconds;

TEST(AdaptiveLimit, HalvesWhenRefusedAndGrowsByOneForEachRoundOfSuccesses) {
  AdaptiveLimit limit(64);
  MonotonicTime now{std::chrono::hours(1)};
  EXPECT_EQ(limit.value(), 64U);
  limit.refused(now);
  EXPECT_EQ(limit.value(), 32U);
  for (int i = 0; i < 33; ++i) limit.succeeded();
  EXPECT_EQ(limit.value(), 33U);
  for (int i = 0; i < 100'000; ++i) limit.succeeded();
  EXPECT_EQ(limit.value(), 64U) << "never more than at first";
}

TEST(AdaptiveLimit, RefusalsOfOneMomentCountOnce) {
  AdaptiveLimit limit(64);
  MonotonicTime now{std::chrono::hours(1)};
  for (int i = 0; i < 50; ++i) limit.refused(now + milliseconds(i));
  EXPECT_EQ(limit.value(), 32U);
  limit.refused(now + milliseconds(100));
  EXPECT_EQ(limit.value(), 16U);
}

TEST(AdaptiveLimit, NeverBelowOne) {
  AdaptiveLimit limit(3);
  for (int i = 1; i < 100; ++i) limit.refused(MonotonicTime{std::chrono::seconds(i)});
  EXPECT_EQ(limit.value(), 1U);
  limit.succeeded();
  EXPECT_EQ(limit.value(), 2U);
}

}  // namespace
}  // namespace shoal::net
