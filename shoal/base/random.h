#pragma once

#include <cstdint>

#include "shoal/base/bytes.h"

namespace shoal {

/// Fast and repeatable from its seed (xoshiro256**, Blackman & Vigna 2018); for sampling and tests, never for secrets.
/// Satisfies UniformRandomBitGenerator. One owner at a time.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed);
  std::uint64_t operator()();
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return UINT64_MAX; }

  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  void fill(MutableByteSpan bytes);

 private:
  std::uint64_t state_[4];
};

/// Unpredictable bytes from the operating system, for keys, upload ids and request ids. Any thread may call.
void fill_with_secure_random(MutableByteSpan bytes);
/// One number of such bytes, for salts and seeds.
std::uint64_t secure_random_number();

}  // namespace shoal
