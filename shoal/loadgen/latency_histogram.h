#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shoal::loadgen {

/// Counts durations in buckets that grow with what they hold, as HdrHistogram does: 128 for each power of two. What a
/// percentile says is never below the true value and at most 1/128 (0.8 %) above it. Durations from 2^40 ns (18
/// minutes) on count as that. One owner at a time.
class LatencyHistogram {
 public:
  using Duration = std::chrono::nanoseconds;

  void record(Duration duration);
  void merge(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  Duration max() const { return Duration(max_); }
  /// The least recorded duration that `share` (0 to 1) of all durations do not exceed; 0 of none.
  Duration percentile(double share) const;

 private:
  static constexpr unsigned bits_kept = 7;
  static constexpr unsigned bits_max = 40;
  static constexpr std::size_t buckets = std::size_t{bits_max - bits_kept + 1} << bits_kept;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t last_value_of(std::size_t bucket);

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace shoal::loadgen
