#pragma once

#include <cstdint>

#include "shoal/cache/cache_policy.h"
#include "shoal/cache/cache_stats.h"

namespace shoal::cache {

/// All that one cache counts, at one moment; to be summed over the caches of several loops.
struct CacheReport {
  CacheStats stats;
  PolicyStats policy;  ///< of the buckets without a share of their own
  CacheBytes bytes;
  EvictionAges eviction_ages;
  std::uint64_t capacity = 0;
  std::uint64_t entries = 0;
  std::uint64_t pinned_bytes = 0;  ///< of entries that somebody is reading
  std::uint64_t kept_bytes = 0;    ///< of pinned buckets and prefixes

  void add(const CacheReport& other);
};

}  // namespace shoal::cache
