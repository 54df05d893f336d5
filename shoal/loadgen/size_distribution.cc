#include "shoal/loadgen/size_distribution.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/random.h"

namespace shoal::loadgen {

SizeDistribution::SizeDistribution(std::vector<Choice> choices) : choices_(std::move(choices)) {
  CHECK(!choices_.empty());
  for (const Choice& choice : choices_) {
    CHECK(choice.weight > 0 && choice.bytes_min <= choice.bytes_max);
    weight_sum_ += choice.weight;
  }
}

std::uint64_t SizeDistribution::size_for(std::uint64_t hash) const {
  if (choices_.size() == 1 && choices_.front().bytes_min == choices_.front().bytes_max) {
    return choices_.front().bytes_min;
  }
  Random random(hash);
  double left = random.unit() * weight_sum_;
  auto chosen = choices_.begin();
  while (chosen + 1 != choices_.end() && left >= chosen->weight) left -= (chosen++)->weight;
  if (chosen->bytes_min == chosen->bytes_max) return chosen->bytes_min;
  // One is added and taken away again, because there is no logarithm of an empty body.
  double from = std::log(static_cast<double>(chosen->bytes_min) + 1);
  double to = std::log(static_cast<double>(chosen->bytes_max) + 2);
  auto size = static_cast<std::uint64_t>(std::exp(from + random.unit() * (to - from)) - 1);
  return std::clamp(size, chosen->bytes_min, chosen->bytes_max);
}

std::uint64_t SizeDistribution::bytes_max() const {
  return std::ranges::max_element(choices_, {}, &Choice::bytes_max)->bytes_max;
}

}  // namespace shoal::loadgen
