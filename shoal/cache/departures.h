#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shoal/cache/cache_policy.h"

namespace shoal::cache {

/// Why a key is not in the cache. Times in milliseconds since the cache was made.
struct Departure {
  std::uint64_t hash = 0;
  std::uint32_t at_ms = 0;
  std::uint32_t stayed_ms = 0;            ///< Of what was evicted.
  Admission admission = Admission::cold;  ///< Of what was refused; admitted: it was in, and evicted.
  std::uint8_t hits = 0;                  ///< Of what was evicted, while it was in; at most 255.

  bool evicted() const { return is_admitted(admission); }
};

/// The latest few thousand departures, for people who ask about one key.
class Departures {
 public:
  explicit Departures(std::size_t count_max) : ring_(count_max) {}

  void note(const Departure& departure) {
    if (ring_.empty()) return;
    ring_[next_] = departure;
    next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
  }
  /// The last one of the key, if it is not too long ago. Looks at all.
  const Departure* latest(std::uint64_t hash) const;
  std::uint64_t memory_bytes() const { return ring_.size() * sizeof(Departure); }

 private:
  std::vector<Departure> ring_;
  std::size_t next_ = 0;
};

}  // namespace shoal::cache
