#pragma once

#include <cstdint>

#include "shoal/base/bytes.h"
#include "shoal/base/hash.h"
#include "shoal/model/object_info.h"

namespace shoal {

/// Tells states of one object apart as far as a store somewhere else lets them be told: by ETag, time, size and tags.
/// Copies are stored with it, so it never changes.
inline std::uint64_t state_of(const ObjectInfo& info) {
  std::uint64_t state =
      hash64(as_bytes(info.etag), static_cast<std::uint64_t>(info.last_modified.time_since_epoch().count()));
  std::byte size[sizeof info.size];
  store_le(size, info.size);
  state = hash64(size, state);
  for (const auto& [name, value] : info.tags) state = hash64(as_bytes(value), hash64(as_bytes(name), state));
  return state;
}

}  // namespace shoal
