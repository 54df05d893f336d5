#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "shoal/base/function_ref.h"
#include "shoal/model/body.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_key.h"

namespace shoal {

/// Which piece of a large object, and of which of its states.
struct PieceOfObject {
  std::uint64_t state = 0;   ///< state_of()
  std::uint32_t number = 0;  ///< from 0
};

/// A copy of an object, or of a piece of one, that is likely to be evicted soon, or is being evicted. Borrows.
struct EvictionCandidate {
  ObjectKeyView key;
  const ObjectInfo* info;  ///< null: of a piece
  const Body& body;
  std::chrono::milliseconds age;  ///< since the store that keeps the object was last known to have it
  PieceOfObject piece = {};       ///< if it is one
};

/// A cache that lets others see what it evicts while that is still in memory, and does not wait for them.
class EvictionPreview {
 public:
  virtual ~EvictionPreview() = default;
  /// Visits objects and pieces from the end of each list, at most so many bytes of each, until `visit` says that it has
  /// seen enough (false). Nothing changes by it. `visit` must not call the cache.
  virtual void preview_evictions(std::uint64_t bytes_of_list_max,
                                 FunctionRef<bool(const EvictionCandidate&)> visit) = 0;
  /// From now on `tell` is called with each object and piece that is evicted; null ends that. It must not call the
  /// cache.
  virtual void tell_evictions(std::function<void(const EvictionCandidate&)> tell) = 0;
};

}  // namespace shoal
