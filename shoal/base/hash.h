#pragma once

#include <cstdint>

#include "shoal/base/bytes.h"

namespace shoal {

/// XXH3, 64 bits (xxHash specification 0.8). Stored in formats and used for placement: it must never change.
std::uint64_t hash64(ByteSpan bytes, std::uint64_t seed = 0);

}  // namespace shoal
