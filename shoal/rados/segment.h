#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"

namespace shoal::rados {

/// A piece of a body that was written at one time, as one or more stripes: RADOS objects of `stripe_bytes`, the last
/// one shorter. A segment belongs to one part of an upload or to one object, and never changes.
struct Segment {
  std::string generation;  ///< random_name()
  std::uint64_t bytes = 0;
  std::uint64_t stripe_bytes = 0;

  std::uint64_t stripe_count() const { return (bytes + stripe_bytes - 1) / stripe_bytes; }
  bool operator==(const Segment&) const = default;
};
using Segments = std::vector<Segment>;

std::string encode_segment(const Segment& segment);
Result<Segment> decode_segment(std::string_view encoded);

}  // namespace shoal::rados
