#pragma once

#include <cstdint>
#include <memory>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_store.h"

namespace shoal {

/// What is known of an object before its body comes.
struct AnnouncedObject {
  ObjectKey key;
  ObjectInfo info;  ///< what commit() will say, its size included, but not yet ETag and checksums
  WriteCondition condition;
};

/// The same of a part.
struct AnnouncedPart {
  UploadKey upload;
  std::uint32_t number = 0;
  std::uint64_t size = 0;
};

/// Writes to a store that is somewhere else and wants to know beforehand what comes: then a body is sent on as it comes
/// and is never in memory as a whole. One loop.
class PassThrough {
 public:
  virtual ~PassThrough() = default;
  /// As ObjectStore::begin_put(). commit() is given what was announced, and ETag and checksums.
  virtual Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_put(AnnouncedObject object) = 0;
  /// As ObjectStore::begin_part().
  virtual Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_part(AnnouncedPart part) = 0;
};

}  // namespace shoal
