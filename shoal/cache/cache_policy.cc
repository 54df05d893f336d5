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

void PolicyStats::add(const PolicyStats& other) {
  for (std::size_t i = 0; i < lists.size(); ++i) {
    lists[i].name = other.lists[i].name;
    lists[i].ghost = other.lists[i].ghost;
    lists[i].count += other.lists[i].count;
    lists[i].weight += other.lists[i].weight;
  }
  target += other.target;
  recent_ghost_hits += other.recent_ghost_hits;
  frequent_ghost_hits += other.frequent_ghost_hits;
  evictions += other.evictions;
  refusals += other.refusals;
  memory_bytes += other.memory_bytes;
}

}  // namespace shoal::cache
