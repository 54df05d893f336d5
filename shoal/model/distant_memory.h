#pragma once

#include <cstdint>
#include <optional>

#include "shoal/base/task.h"
#include "shoal/model/object_store.h"

namespace shoal {

/// What a request wants of an object: its body (GET), or only what it is (HEAD).
enum class Wanted : std::uint8_t { description, body };

/// What a store can say without waiting, on its own loop: the object, without its body unless that is wanted; one
/// without info when it is known that there is none; nothing when that takes longer.
std::optional<Object> look_at_once(ObjectStore& store, const ObjectKeyView& key, Wanted wanted);

/// The memory of the loops other than one's own.
class DistantMemory {
 public:
  virtual ~DistantMemory() = default;

  /// Whether the object belongs to another loop, so that nothing is known of it here.
  virtual bool is_distant(const ObjectKeyView& key) const = 0;
  /// look_at_once() on the loop that it belongs to: one message there and one back.
  virtual Task<std::optional<Object>> look(ObjectKey key, Wanted wanted) = 0;
};

}  // namespace shoal
