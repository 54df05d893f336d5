#pragma once

#include <string>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/rados/pool_operation.h"

namespace shoal::rados {

/// The objects of one RADOS pool and namespace. Each operation is about one object and takes effect as a whole or not
/// at all; a write that was answered is durable and seen by all who read afterwards, whoever they are. One loop.
///
/// Errors: no_such_file and file_exists when the object is missing or there, precondition_failed when something that
/// the operation demanded did not hold: nothing was done then. timed_out and closed of a write: nobody knows whether it
/// was done, or whether it will be. disk_full, access_denied, invalid_argument: nothing was done.
class Pool {
 public:
  virtual ~Pool() = default;
  virtual Task<Result<ReadAnswer>> read(std::string object, ReadOperation operation) = 0;
  virtual Task<Result<void>> write(std::string object, WriteOperation operation) = 0;
};

/// Whether a write that failed so may have been done, or may yet be.
inline bool is_unknown_outcome(ErrorCode code) {
  return code == ErrorCode::timed_out || code == ErrorCode::closed || code == ErrorCode::io_error;
}

}  // namespace shoal::rados
