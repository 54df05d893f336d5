#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_store.h"

namespace shoal {

/// What is known of an object before its body comes.
struct AnnouncedObject {
  ObjectKey key;
  ObjectInfo info;  ///< what commit() will say, its size included, but not yet the ETag; see AnnouncedPart::checksums
  WriteCondition condition;
};

/// The same of a part.
struct AnnouncedPart {
  UploadKey upload;
  std::uint32_t number = 0;
  std::uint64_t size = 0;
  /// What commit() will say; without a value when that is known only behind the last byte.
  std::vector<Checksum> checksums = {};
};

/// What is read by a copy: these bytes of one version of an object.
struct CopySource {
  ObjectKey key;
  ObjectInfoPtr info;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Writes to a store that is somewhere else. It wants to know beforehand what comes: then a body is sent on as it comes
/// and is never in memory as a whole. What it has already it copies by itself. One loop.
class PassThrough {
 public:
  virtual ~PassThrough() = default;
  /// As ObjectStore::begin_put(). commit() is given what was announced, with ETag and checksums.
  virtual Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_put(AnnouncedObject object) = 0;
  /// As ObjectStore::begin_part().
  virtual Task<Result<std::unique_ptr<ObjectWriter>>> begin_announced_part(AnnouncedPart part) = 0;
  /// As ObjectStore::put() of the whole source. Of the target's checksums only the algorithm is asked for.
  /// precondition_failed also when the source is another version by now; not_supported when the store cannot do it by
  /// itself, say because the source is not there: nothing happened then.
  virtual Task<Result<ObjectInfoPtr>> copy(CopySource source, AnnouncedObject target) = 0;
  /// As ObjectStore::put_part().
  virtual Task<Result<PartInfo>> copy_part(CopySource source, AnnouncedPart target) = 0;
};

}  // namespace shoal
