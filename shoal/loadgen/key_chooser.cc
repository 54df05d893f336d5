#include "shoal/loadgen/key_chooser.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "shoal/base/check.h"

namespace shoal::loadgen {

KeyChooser KeyChooser::uniform(std::uint64_t count) { return {count, 0}; }

KeyChooser KeyChooser::zipf(std::uint64_t count, double exponent) {
  CHECK(exponent > 0);
  return {count, exponent};
}

KeyChooser::KeyChooser(std::uint64_t count, double exponent) : count_(count), exponent_(exponent) {
  CHECK(count > 0);
  if (exponent_ == 0) return;
  scatter_ = static_cast<std::uint64_t>(static_cast<double>(count) * 0.6180339887) | 1;
  while (std::gcd(scatter_, count_) != 1) ++scatter_;
  integral_first_ = weight_integral(1.5) - 1;
  integral_last_ = weight_integral(static_cast<double>(count) + 0.5);
  accepted_below_ = 2 - weight_integral_inverse(weight_integral(2.5) - weight(2));
}

std::uint64_t KeyChooser::operator()(Random& random) const {
  if (exponent_ == 0) return random.below(count_);
  for (;;) {
    double drawn = integral_last_ + random.unit() * (integral_first_ - integral_last_);
    double x = weight_integral_inverse(drawn);
    double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(count_));
    if (rank - x <= accepted_below_ || drawn >= weight_integral(rank + 0.5) - weight(rank)) {
      return key_of_rank(static_cast<std::uint64_t>(rank) - 1);
    }
  }
}

std::uint64_t KeyChooser::key_of_rank(std::uint64_t rank) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(rank) * scatter_ % count_);
}

double KeyChooser::weight(double x) const { return std::exp(-exponent_ * std::log(x)); }

// The integral of t^-exponent from 1 to x, in a form that stays exact where the exponent is near 1.
double KeyChooser::weight_integral(double x) const {
  double log_x = std::log(x);
  double power = (1 - exponent_) * log_x;
  return std::abs(power) < 1e-12 ? log_x : std::expm1(power) / power * log_x;
}

double KeyChooser::weight_integral_inverse(double y) const {
  double power = std::max(y * (1 - exponent_), -1.0);
  return std::exp(std::abs(power) < 1e-12 ? y : std::log1p(power) / power * y);
}

}  // namespace shoal::loadgen
