#pragma once

#include <cstddef>
#include <vector>

#include "shoal/base/bytes.h"

namespace shoal {

/// Writes an integer, little-endian, behind what is there.
template <typename Integer>
void append_le(std::vector<std::byte>& to, Integer value) {
  std::size_t at = to.size();
  to.resize(at + sizeof value);
  store_le(to.data() + at, value);
}

}  // namespace shoal
