#pragma once

#include <cstdint>

namespace shoal::cache {

/// Sums over a part of what is in memory.
struct Inventory {
  std::uint64_t objects = 0;       ///< that are there as a whole
  std::uint64_t pieces = 0;        ///< of large objects
  std::uint64_t bytes = 0;         ///< charged for them, with everything
  std::uint64_t pinned = 0;        ///< of them, objects and pieces that are not evicted
  std::uint64_t pinned_bytes = 0;  ///< of these
  std::uint64_t hits = 0;          ///< since they came in; of each at most 255
  std::uint64_t missing_keys = 0;  ///< names of which it is known that there is no such object
  std::uint64_t awaited = 0;       ///< known from before a restart, not read back yet

  void add(const Inventory& other) {
    objects += other.objects;
    pieces += other.pieces;
    bytes += other.bytes;
    pinned += other.pinned;
    pinned_bytes += other.pinned_bytes;
    hits += other.hits;
    missing_keys += other.missing_keys;
    awaited += other.awaited;
  }
};

}  // namespace shoal::cache
