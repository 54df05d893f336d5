#pragma once

#include <set>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/async_mutex.h"
#include "shoal/model/object_store.h"

namespace shoal::storage {

class LogStore;

/// Changes buckets, one change at a time for the whole engine. Each store has its own copy of the bucket table, so that
/// a write is checked without leaving its loop; here the copies are kept equal, and the records are written (to the log
/// of the first loop).
///
/// A bucket exists for others only when its record is durable. Removing one freezes it on all loops first: writes to it
/// wait, those on their way finish, and then all loops are asked whether it is empty.
///
/// Belongs to the first loop.
class BucketDirectory {
 public:
  explicit BucketDirectory(std::vector<LogStore*>* stores) : stores_(stores) {}

  Task<Result<void>> create(BucketInfo bucket);
  Task<Result<void>> update(BucketInfo bucket);
  Task<Result<void>> remove(std::string name);
  /// Keeps all changes away while it is held.
  Task<io::AsyncMutex::Lock> lock() { return mutex_.lock(); }
  /// To be called when the first loop's log can tell again which of its failed writes are void.
  Task<void> settle_doubts();

 private:
  Task<Result<void>> write_and_install(BucketInfo bucket);
  Task<bool> freeze_everywhere(std::string name);
  Task<void> thaw_everywhere(std::string name);
  Task<bool> doubt_everywhere(std::string name);

  std::vector<LogStore*>* const stores_;
  io::AsyncMutex mutex_;
  std::set<std::string> doubtful_;
};

}  // namespace shoal::storage
