#include "shoal/metrics/duration_histogram.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace shoal::metrics {
namespace {

using namespace std::chrono_literals;

/// By looking at one class after the other.
std::size_t class_of(std::chrono::nanoseconds duration) {
  std::size_t at = 0;
  while (at < DurationHistogram::bounds_us.size() &&
         duration > std::chrono::microseconds(DurationHistogram::bounds_us[at])) {
    ++at;
  }
  return at;
}

TEST(DurationHistogramTest, BoundsBelongToTheirClass) {
  for (std::int64_t bound : DurationHistogram::bounds_us) {
    for (std::int64_t more : {-1, 0, 1}) {
      std::chrono::nanoseconds duration = std::chrono::microseconds(bound) + std::chrono::nanoseconds(more);
      EXPECT_EQ(DurationHistogram::class_of(duration), class_of(duration)) << duration.count();
    }
  }
  for (int digits = 0; digits < 63; ++digits) {
    std::chrono::nanoseconds duration(std::int64_t{1} << digits);
    EXPECT_EQ(DurationHistogram::class_of(duration), class_of(duration)) << duration.count();
    EXPECT_EQ(DurationHistogram::class_of(duration - 1ns), class_of(duration - 1ns)) << duration.count();
  }
  EXPECT_EQ(DurationHistogram::class_of(0ns), 0U);
  EXPECT_EQ(DurationHistogram::class_of(-1ns), 0U);
  EXPECT_EQ(DurationHistogram::class_of(std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max())),
            DurationHistogram::class_count - 1);
}

TEST(DurationHistogramTest, CountsAndSumsUp) {
  DurationHistogram histogram;
  histogram.record(1us);
  histogram.record(1us + 1ns);
  histogram.record(2us);
  EXPECT_EQ(histogram.count(0), 1U);
  EXPECT_EQ(histogram.count(1), 2U);
  EXPECT_EQ(histogram.sum(), 4us + 1ns);
}

}  // namespace
}  // namespace shoal::metrics
