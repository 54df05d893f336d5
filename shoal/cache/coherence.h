#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace shoal::cache {

/// What may be seen of a bucket of which the store below the cache may change by itself (docs/CONSISTENCY.md).
struct Coherence {
  enum class Mode : std::uint8_t {
    owned,       ///< all writes come through here: what is cached is the truth
    immutable,   ///< no object ever changes, so nobody needs to ask, not even who insists
    revalidate,  ///< what is older than `max_age` is compared with the store below before it is served
  };

  Mode mode = Mode::owned;
  std::chrono::milliseconds max_age{0};
  /// While the store below cannot be asked, what is older by up to so much is served all the same.
  std::chrono::milliseconds serve_stale{0};
  /// Somebody tells when an object changes (CoherentCache::doubt), so `max_age` is for what gets lost on its way.
  bool is_told = false;

  bool operator==(const Coherence&) const = default;
};

struct CoherenceRules {
  Coherence others;  ///< of the buckets that have no rule of their own
  std::map<std::string, Coherence, std::less<>> buckets;

  const Coherence& of(std::string_view bucket) const {
    auto found = buckets.find(bucket);
    return found == buckets.end() ? others : found->second;
  }
};

}  // namespace shoal::cache
