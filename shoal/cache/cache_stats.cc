#include "shoal/cache/cache_stats.h"

namespace shoal::cache {

std::string_view to_string(MissReason reason) {
  switch (reason) {
    case MissReason::cold:
      return "cold";
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

}  // namespace shoal::cache
