#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "shoal/base/random.h"

namespace shoal::bench {

/// Numbers below `count` of which small ones are asked for more often: number i with weight 1 / (i + 1)^exponent.
class Zipf {
 public:
  Zipf(std::size_t count, double exponent) : sums_(count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sums_[i] = sum += std::pow(static_cast<double>(i + 1), -exponent);
  }
  std::uint32_t operator()(Random& random) const {
    constexpr std::uint64_t fine = 1ULL << 53;
    double at = static_cast<double>(random.below(fine)) / static_cast<double>(fine) * sums_.back();
    return static_cast<std::uint32_t>(std::lower_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

}  // namespace shoal::bench
