#pragma once

#include "shoal/model/object_info.h"

namespace shoal {

/// Whether two infos, each null where there is no object, are of the same bytes with the same things attached. Tags
/// change without a trace in the others.
inline bool is_same_object(const ObjectInfoPtr& one, const ObjectInfoPtr& other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->etag == other->etag && one->last_modified == other->last_modified && one->size == other->size &&
         one->tags == other->tags;
}

}  // namespace shoal
