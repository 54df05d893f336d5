#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "shoal/base/function_ref.h"
#include "shoal/model/body.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_key.h"

namespace shoal {

/// A copy of an object that is likely to be evicted soon, or is being evicted. Borrows.
struct EvictionCandidate {
  ObjectKeyView key;
  const ObjectInfo& info;
  const Body& body;
  std::chrono::milliseconds age;  ///< since the store that keeps the object was last known to have it
};

/// A cache that lets others see what it evicts while that is still in memory, and does not wait for them.
class EvictionPreview {
 public:
  virtual ~EvictionPreview() = default;
  /// Visits whole objects from the end of each list, at most so many bytes of each, until `visit` says that it has
  /// seen enough (false). Nothing changes by it. `visit` must not call the cache.
  virtual void preview_evictions(std::uint64_t bytes_of_list_max,
                                 FunctionRef<bool(const EvictionCandidate&)> visit) = 0;
  /// From now on `tell` is called with each object that is evicted; null ends that. It must not call the cache.
  virtual void tell_evictions(std::function<void(const EvictionCandidate&)> tell) = 0;
};

}  // namespace shoal
