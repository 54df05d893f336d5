#include "shoal/model/distant_memory.h"

#include <utility>

namespace shoal {

std::optional<Object> look_at_once(ObjectStore& store, const ObjectKeyView& key, Wanted wanted) {
  if (wanted == Wanted::description) {
    if (ObjectInfoPtr info = store.try_stat(key)) {
      Object described;
      described.info = std::move(info);
      return described;
    }
  } else if (std::optional<Object> object = store.try_get(key)) {
    if (object->reader) return std::nullopt;
    return object;
  }
  return store.is_known_missing(key) ? std::optional(Object()) : std::nullopt;
}

}  // namespace shoal
