#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal::cache {

/// Why a get did not find its object in memory; every get that is neither a hit nor bypassed has one.
enum class MissReason : std::uint8_t {
  cold,       ///< The cache has no memory of the key.
  evicted,    ///< It was there not long ago and had to go.
  expired,    ///< It was known to be missing, too long ago to rely on.
  changed,    ///< A write began while the object was read, so it was not kept.
  refused,    ///< Everything else is in use, or worth more.
  too_large,  ///< Larger than what is cached whole.
  failed,     ///< The store below could not say.
  count,
};
std::string_view to_string(MissReason reason);

/// What a MemoryCache did since it was made. hits + negative_hits + misses + bypasses = requests, always.
struct CacheStats {
  std::uint64_t requests = 0;  ///< gets that were answered
  std::uint64_t hits = 0;
  std::uint64_t negative_hits = 0;  ///< of those, keys known to be missing
  std::array<std::uint64_t, static_cast<std::size_t>(MissReason::count)> misses{};
  std::uint64_t bypasses = 0;  ///< read below because a write of the key was running
  std::uint64_t shared = 0;    ///< Of the misses and bypasses, those that waited for the read of another.
  std::uint64_t fills = 0;     ///< reads of the store below, for gets
  std::uint64_t piece_hits = 0;
  std::uint64_t piece_misses = 0;
  std::uint64_t stat_hits = 0;
  std::uint64_t stat_misses = 0;

  std::uint64_t missed(MissReason reason) const { return misses[static_cast<std::size_t>(reason)]; }
  std::uint64_t all_misses() const {
    std::uint64_t sum = 0;
    for (std::uint64_t count : misses) sum += count;
    return sum;
  }
};

}  // namespace shoal::cache
