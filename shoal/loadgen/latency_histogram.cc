#include "shoal/loadgen/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace shoal::loadgen {

// A value below 2^(bits_kept + 1) has a bucket of its own. Above, the bits_kept + 1 highest bits choose the bucket: the
// highest, always set, goes into the group number instead.
std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
  auto bits = static_cast<unsigned>(std::bit_width(value));
  unsigned dropped = bits > bits_kept + 1 ? bits - bits_kept - 1 : 0;
  return (std::size_t{dropped} << bits_kept) + static_cast<std::size_t>(value >> dropped);
}

std::uint64_t LatencyHistogram::last_value_of(std::size_t bucket) {
  std::size_t group = bucket >> bits_kept;
  if (group < 2) return bucket;
  auto dropped = static_cast<unsigned>(group - 1);
  std::uint64_t kept = bucket - (std::size_t{dropped} << bits_kept);
  return ((kept + 1) << dropped) - 1;
}

void LatencyHistogram::record(Duration duration) {
  constexpr std::uint64_t value_max = (std::uint64_t{1} << bits_max) - 1;
  std::uint64_t value = std::min(static_cast<std::uint64_t>(std::max<Duration::rep>(duration.count(), 0)), value_max);
  ++counts_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

LatencyHistogram::Duration LatencyHistogram::percentile(double share) const {
  if (count_ == 0) return Duration::zero();
  auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  rank = std::clamp<std::uint64_t>(rank, 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return Duration(std::min(last_value_of(i), max_));
  }
  return Duration(max_);
}

}  // namespace shoal::loadgen
