#include "shoal/model/distant_memory.h"

#include <utility>

namespace shoal {
namespace {

std::optional<Object> try_describe(ObjectStore& store, const ObjectKeyView& key) {
  std::optional<Object> described;
  if (ObjectInfoPtr info = store.try_stat(key)) described.emplace().info = std::move(info);
  return described;
}

}  // namespace

std::optional<Object> look_at_once(ObjectStore& store, const ObjectKeyView& key, Wanted wanted) {
  std::optional<Object> found = wanted == Wanted::body ? store.try_get(key) : try_describe(store, key);
  if (found && found->reader) {
    found.reset();
  } else if (!found && store.is_known_missing(key)) {
    found.emplace();
  }
  return found;
}

}  // namespace shoal
