#include "shoal/metrics/text_writer.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::metrics {
namespace {

TEST(TextWriterTest, WritesAFamilyWithItsSamples) {
  TextWriter writer;
  writer.counter("misses_total", "Reads that were not in memory.");
  writer.sample(std::uint64_t{3}, {{"reason", "cold"}});
  writer.sample(std::uint64_t{4}, {{"reason", "evicted"}, {"loop", "1"}});
  writer.gauge("target_bytes", "What is adapted.", 2.5);
  EXPECT_EQ(writer.text(),
            "# HELP misses_total Reads that were not in memory.\n"
            "# TYPE misses_total counter\n"
            "misses_total{reason=\"cold\"} 3\n"
            "misses_total{reason=\"evicted\",loop=\"1\"} 4\n"
            "# HELP target_bytes What is adapted.\n"
            "# TYPE target_bytes gauge\n"
            "target_bytes 2.5\n");
}

TEST(TextWriterTest, EscapesLabelValues) {
  TextWriter writer;
  writer.gauge("a", "b");
  writer.sample(std::uint64_t{1}, {{"bucket", "x\"y\\z\n"}});
  EXPECT_TRUE(writer.text().ends_with("a{bucket=\"x\\\"y\\\\z\\n\"} 1\n"));
}

TEST(TextWriterTest, HistogramIsCumulated) {
  TextWriter writer;
  writer.histogram("age", "How old.");
  writer.histogram_sample(std::array<double, 2>{1, 5}, std::array<std::uint64_t, 3>{1, 2, 3}, 9.5);
  EXPECT_TRUE(writer.text().ends_with(
      "age_bucket{le=\"1\"} 1\nage_bucket{le=\"5\"} 3\nage_bucket{le=\"+Inf\"} 6\nage_sum 9.5\nage_count 6\n"));
}

TEST(TextWriterTest, AddsTheDurationsOfSeveralLoopsUpInSeconds) {
  DurationHistogram first, second;
  first.record(std::chrono::nanoseconds(1'000));
  first.record(std::chrono::nanoseconds(1'001));
  second.record(std::chrono::hours(1));
  TextWriter writer;
  writer.histogram("stage_seconds", "How long.");
  writer.histogram_sample(std::array<const DurationHistogram*, 2>{&first, &second}, {{"stage", "send"}});
  EXPECT_THAT(writer.text(), testing::HasSubstr("stage_seconds_bucket{stage=\"send\",le=\"1e-06\"} 1\n"
                                                "stage_seconds_bucket{stage=\"send\",le=\"2e-06\"} 2\n"));
  EXPECT_THAT(writer.text(), testing::HasSubstr("stage_seconds_bucket{stage=\"send\",le=\"30\"} 2\n"
                                                "stage_seconds_bucket{stage=\"send\",le=\"+Inf\"} 3\n"
                                                "stage_seconds_sum{stage=\"send\"} 3600.000002001\n"
                                                "stage_seconds_count{stage=\"send\"} 3\n"));
}

}  // namespace
}  // namespace shoal::metrics
