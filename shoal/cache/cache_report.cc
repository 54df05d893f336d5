#include "shoal/cache/cache_report.h"

namespace shoal::cache {
namespace {

void add(CacheStats& to, const CacheStats& other) {
  to.requests += other.requests;
  to.hits += other.hits;
  to.negative_hits += other.negative_hits;
  for (std::size_t i = 0; i < to.misses.size(); ++i) to.misses[i] += other.misses[i];
  to.bypasses += other.bypasses;
  to.shared += other.shared;
  to.fills += other.fills;
  to.piece_hits += other.piece_hits;
  to.piece_misses += other.piece_misses;
  to.stat_hits += other.stat_hits;
  to.stat_misses += other.stat_misses;
  to.refill_expected += other.refill_expected;
  to.refilled += other.refilled;
  to.refill_gone += other.refill_gone;
  to.pieces_dropped += other.pieces_dropped;
}

}  // namespace

void CacheReport::add(const CacheReport& other) {
  cache::add(stats, other.stats);
  policy.add(other.policy);
  bytes.entries += other.bytes.entries;
  bytes.tables += other.bytes.tables;
  bytes.ghosts += other.bytes.ghosts;
  bytes.history += other.bytes.history;
  bytes.contents += other.bytes.contents;
  for (std::size_t i = 0; i < eviction_ages.counts.size(); ++i)
    eviction_ages.counts[i] += other.eviction_ages.counts[i];
  eviction_ages.sum_s += other.eviction_ages.sum_s;
  capacity += other.capacity;
  entries += other.entries;
  pinned_bytes += other.pinned_bytes;
  kept_bytes += other.kept_bytes;
}

}  // namespace shoal::cache
