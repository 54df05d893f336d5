#include "shoal/cache/cache_policy.h"

namespace shoal::cache {

std::string_view to_string(Admission admission) {
  switch (admission) {
    case Admission::cold:
      return "cold";
    case Admission::recent_ghost:
      return "recent_ghost";
    case Admission::frequent_ghost:
      return "frequent_ghost";
    case Admission::refused_too_large:
      return "refused_too_large";
    case Admission::refused_pinned:
      return "refused_pinned";
    case Admission::refused_unworthy:
      return "refused_unworthy";
  }
  return "?";
}

}  // namespace shoal::cache
