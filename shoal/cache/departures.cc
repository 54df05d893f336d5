#include "shoal/cache/departures.h"

namespace shoal::cache {

const Departure* Departures::latest(std::uint64_t hash) const {
  for (std::size_t back = 1; back <= ring_.size(); ++back) {
    const Departure& departure = ring_[(next_ + ring_.size() - back) % ring_.size()];
    if (departure.hash == hash) return &departure;
  }
  return nullptr;
}

}  // namespace shoal::cache
