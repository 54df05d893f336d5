#pragma once

#include <cstdint>
#include <vector>

namespace shoal::loadgen {

/// How large bodies are: one size, or several of different weight, each a size or a range.
class SizeDistribution {
 public:
  /// Sizes from `bytes_min` to `bytes_max` inclusive, each power of two as often as the others (log-uniform).
  struct Choice {
    std::uint64_t bytes_min;
    std::uint64_t bytes_max;
    double weight = 1;
  };

  /// At least one choice; weights are positive, and no minimum is above its maximum.
  explicit SizeDistribution(std::vector<Choice> choices);

  /// The same `hash` always gives the same size.
  std::uint64_t size_for(std::uint64_t hash) const;
  std::uint64_t bytes_max() const;

 private:
  std::vector<Choice> choices_;
  double weight_sum_ = 0;
};

}  // namespace shoal::loadgen
