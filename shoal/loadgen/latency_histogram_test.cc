#include "shoal/loadgen/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::loadgen {
namespace {

using Duration = LatencyHistogram::Duration;

TEST(LatencyHistogramTest, NothingRecordedIsZero) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), Duration::zero());
  EXPECT_EQ(histogram.max(), Duration::zero());
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.record(Duration(value));
  EXPECT_EQ(histogram.percentile(0.5), Duration(50));
  EXPECT_EQ(histogram.percentile(0.99), Duration(99));
  EXPECT_EQ(histogram.percentile(1), Duration(100));
}

TEST(LatencyHistogramTest, PercentilesAreAtMostOne128thAboveTheTruth) {
  Random random(5);
  LatencyHistogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(static_cast<std::int64_t>(std::exp(random.unit() * 27)));  // 1 ns to 9 minutes
    histogram.record(Duration(values.back()));
  }
  std::ranges::sort(values);
  for (double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    std::int64_t truth = values[rank - 1];
    EXPECT_GE(histogram.percentile(share).count(), truth) << share;
    EXPECT_LE(histogram.percentile(share).count(), truth + truth / 128) << share;
  }
  EXPECT_EQ(histogram.max().count(), values.back());
}

TEST(LatencyHistogramTest, MergedHistogramsAreOne) {
  LatencyHistogram one, other;
  for (int i = 0; i < 90; ++i) one.record(Duration(10));
  for (int i = 0; i < 10; ++i) other.record(Duration(5'000'000));
  one.merge(other);
  EXPECT_EQ(one.count(), 100u);
  EXPECT_EQ(one.percentile(0.9), Duration(10));
  EXPECT_EQ(one.percentile(0.91), Duration(5'000'000));
}

TEST(LatencyHistogramTest, WhatIsTooLongIsCountedInTheLastBucket) {
  LatencyHistogram histogram;
  histogram.record(std::chrono::hours(10));
  histogram.record(Duration(-1));
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_GT(histogram.percentile(1), std::chrono::minutes(18));
}

}  // namespace
}  // namespace shoal::loadgen
