#include "shoal/base/hash.h"

#include <xxhash.h>

namespace shoal {

std::uint64_t hash64(ByteSpan bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace shoal
