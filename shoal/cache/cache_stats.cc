#include "shoal/cache/cache_stats.h"

namespace shoal::cache {

std::string_view to_string(MissReason reason) {
  switch (reason) {
    case MissReason::cold:
      return "cold";
    case MissReason::restarted:
      return "restarted";
    case MissReason::evicted:
      return "evicted";
    case MissReason::expired:
      return "expired";
    case MissReason::changed:
      return "changed";
    case MissReason::refused:
      return "refused";
    case MissReason::too_large:
      return "too_large";
    case MissReason::failed:
      return "failed";
    case MissReason::count:
      break;
  }
  return "unknown";
}

void EvictionAges::note(std::uint32_t age_ms) {
  double age_s = age_ms / 1000.0;
  std::size_t at = 0;
  while (at < bounds_s.size() && age_s > bounds_s[at]) ++at;
  ++counts[at];
  sum_s += age_s;
}

}  // namespace shoal::cache
