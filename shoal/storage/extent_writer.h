#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "shoal/io/wait_queue.h"
#include "shoal/model/object_store.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {

/// Takes a body of any size: what fits one record becomes one, what does not is appended in extents as it comes, one of
/// them on its way to the disk while the next one fills. Holds at most two extents in memory. After the store has gone
/// it may only be destroyed.
class ExtentWriter final : public ObjectWriter {
 public:
  /// Writes an object.
  ExtentWriter(LogStore* store, ObjectKey key) : store_(store), key_(std::move(key)) {}
  /// Writes a part of an upload.
  ExtentWriter(LogStore* store, UploadKey upload, std::uint32_t part_number)
      : store_(store), key_(upload.key), part_(PartTarget{std::move(upload.id), part_number}) {}

  /// Without a commit() that succeeded, what was appended is given up.
  ~ExtentWriter() override;

  Task<Result<void>> write(Body piece) override;
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override;

 private:
  struct PartTarget {
    std::string upload_id;
    std::uint32_t number = 0;
  };
  /// Shared with the append that is on its way, which may outlive an abandoned writer.
  struct Progress {
    bool busy = false;
    bool abandoned = false;
    Result<void> result;
    ExtentList extents;
    io::WaitQueue done;
  };

  Task<Result<void>> flush(std::uint64_t bytes);
  Task<Result<void>> settle();
  static Task<void> append(LogStore* store, ObjectKey key, Body body, std::shared_ptr<Progress> progress);
  Task<Result<ObjectInfoPtr>> commit_part(ObjectInfo info);

  LogStore* const store_;
  const std::weak_ptr<const void> store_lifetime_ = store_->lifetime();
  const ObjectKey key_;
  const std::optional<PartTarget> part_;
  Body pending_;
  std::uint64_t written_ = 0;
  bool committed_ = false;
  std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();
};

}  // namespace shoal::storage
