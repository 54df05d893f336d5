#include "shoal/base/random.h"

#include <algorithm>
#include <bit>

#include <openssl/rand.h>

#include "shoal/base/check.h"

namespace shoal {

Random::Random(std::uint64_t seed) {
  // splitmix64 spreads the seed, as the authors of xoshiro recommend.
  for (std::uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
    word = mixed ^ mixed >> 31;
  }
}

std::uint64_t Random::operator()() {
  std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  // Multiply-shift; the bias is below 2^-32 for the bounds that we use.
  return static_cast<std::uint64_t>(static_cast<Wide>((*this)()) * bound >> 64);
}

double Random::unit() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

void Random::fill(MutableByteSpan bytes) {
  while (!bytes.empty()) {
    std::uint64_t word = (*this)();
    std::size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, count);
    bytes = bytes.subspan(count);
  }
}

void fill_with_secure_random(MutableByteSpan bytes) {
  CHECK_MSG(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) == 1,
            "the system has no entropy source");
}

std::uint64_t secure_random_number() {
  std::uint64_t number = 0;
  fill_with_secure_random(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

}  // namespace shoal
