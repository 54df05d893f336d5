#pragma once

#include <cstdint>

#include "shoal/base/random.h"

namespace shoal::loadgen {

/// Which of `count` keys comes next: each as often as the others, or few of them much more often than the rest.
class KeyChooser {
 public:
  /// Each of [0, count) alike; count > 0.
  static KeyChooser uniform(std::uint64_t count);
  /// The key of rank r with weight 1 / r^exponent, exponent > 0; which key has which rank is scattered, so that the
  /// popular ones are no neighbours. Needs no table: rejection-inversion (Hörmann & Derflinger 1996).
  static KeyChooser zipf(std::uint64_t count, double exponent);

  std::uint64_t operator()(Random& random) const;
  /// The key of a rank in [0, count); rank 0 is the most popular.
  std::uint64_t key_of_rank(std::uint64_t rank) const;

 private:
  KeyChooser(std::uint64_t count, double exponent);

  double weight(double x) const;
  double weight_integral(double x) const;
  double weight_integral_inverse(double y) const;

  std::uint64_t count_;
  std::uint64_t scatter_ = 1;  // has no divisor in common with count_
  double exponent_;            // 0: uniform
  double integral_first_ = 0;  // the range from which inversion draws
  double integral_last_ = 0;
  double accepted_below_ = 0;  // so close to its integer a draw is accepted without a look at the weights
};

}  // namespace shoal::loadgen
