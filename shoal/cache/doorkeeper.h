#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace shoal::cache {

/// Remembers the last askers for something costly: one hash in each place, so it forgets by itself and never grows.
/// ("Doorkeeper" is the word of Einziger, Friedman & Manes, "TinyLFU", 2017; theirs is a Bloom filter.)
class Doorkeeper {
 public:
  /// At most so many are remembered, rounded down to a power of two.
  explicit Doorkeeper(std::uint64_t count) : places_(count == 0 ? 0 : std::bit_floor(count)) {}

  /// Whether it knocks for the second time. Without any memory everybody is let in.
  bool knows(std::uint64_t hash) {
    if (places_.empty()) return true;
    std::uint64_t& place = places_[hash & (places_.size() - 1)];
    if (place == hash) return true;
    place = hash;
    return false;
  }
  std::uint64_t memory_bytes() const { return places_.size() * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> places_;
};

}  // namespace shoal::cache
