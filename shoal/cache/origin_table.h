#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace shoal::cache {

/// Which origins of requests weigh most, of any number, in little memory: the space-saving algorithm (Metwally, Agrawal
/// & El Abbadi, ICDT '05). What has more than 1/places of all weight is always among them; a weight may be too large by
/// what was forgotten for it.
class OriginTable {
 public:
  static constexpr std::size_t places = 32;

  struct Place {
    std::uint64_t origin = 0;
    double weight = 0;
  };

  void note(std::uint64_t origin, double weight) {
    total_ += weight;
    Place* found = std::ranges::find(places_, origin, &Place::origin);
    if (found == places_.end() || found->weight == 0) found = std::ranges::min_element(places_, {}, &Place::weight);
    found->origin = origin;
    found->weight += weight;
  }
  /// Of all that was noted.
  double share_of(const Place& place) const { return total_ == 0 ? 0 : place.weight / total_; }
  double share_of(std::uint64_t origin) const {
    const Place* found = std::ranges::find(places_, origin, &Place::origin);
    return found == places_.end() ? 0 : share_of(*found);
  }
  const std::array<Place, places>& all() const { return places_; }
  /// What was long ago counts less.
  void halve() {
    total_ /= 2;
    for (Place& place : places_) place.weight /= 2;
  }

 private:
  std::array<Place, places> places_{};
  double total_ = 0;
};

}  // namespace shoal::cache
