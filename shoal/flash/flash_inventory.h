#pragma once

#include <cstdint>

namespace shoal::flash {

/// Sums over copies on flash.
struct FlashInventory {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;  ///< of the records

  void add(const FlashInventory& other) {
    objects += other.objects;
    bytes += other.bytes;
  }
};

}  // namespace shoal::flash
