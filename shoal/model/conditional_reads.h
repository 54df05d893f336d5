#pragma once

#include <optional>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_key.h"
#include "shoal/model/object_store.h"

namespace shoal {

/// Reads of a store that compares what somebody has with what it has itself, for who keeps copies.
class ConditionalReads {
 public:
  virtual ~ConditionalReads() = default;
  /// ObjectStore::get() for who has `known`, or null for knowing that there was no such object. When nothing has
  /// changed it is that info which comes back, without body and reader.
  virtual Task<Result<std::optional<Object>>> get_unless(ObjectKey key, ObjectInfoPtr known) = 0;
  /// ObjectStore::stat().
  virtual Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) = 0;
  /// Copies that the store itself keeps of the object are compared before one of them is served again.
  virtual void doubt(const ObjectKeyView& key) { static_cast<void>(key); }
};

/// Whether a store that fails so could not be asked, and may well have what somebody has a copy of.
inline bool is_unavailable(ErrorCode code) {
  return code == ErrorCode::closed || code == ErrorCode::timed_out || code == ErrorCode::overloaded ||
         code == ErrorCode::io_error;
}

}  // namespace shoal
