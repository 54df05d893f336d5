#pragma once

#include <cstdint>

namespace shoal::flash {

/// Sums over copies on flash.
struct FlashInventory {
  std::uint64_t objects = 0;  ///< that are there as a whole
  std::uint64_t pieces = 0;   ///< of large objects
  std::uint64_t bytes = 0;    ///< of the records

  void add(const FlashInventory& other) {
    objects += other.objects;
    pieces += other.pieces;
    bytes += other.bytes;
  }
};

}  // namespace shoal::flash
