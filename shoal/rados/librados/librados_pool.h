#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include "shoal/rados/librados/librados_api.h"
#include "shoal/rados/pool.h"

namespace shoal::rados {

/// A pool through librados. Operations are handed to its threads, which hand their end back to the loop: no loop waits
/// for RADOS. Bytes are read straight into the buffer of who asked; librados copies those that are written once.
class LibradosPool final : public Pool {
 public:
  /// Takes over the context.
  LibradosPool(const LibradosApi& api, rados_ioctx_t context) : api_(api), context_(context) {}
  ~LibradosPool() override;
  LibradosPool(const LibradosPool&) = delete;  // operations in flight point here
  LibradosPool& operator=(const LibradosPool&) = delete;

  Task<Result<ReadAnswer>> read(std::string object, ReadOperation operation) override;
  Task<Result<void>> write(std::string object, WriteOperation operation) override;

 private:
  struct Flight;
  using Start = std::function<int(rados_completion_t)>;

  static void land(rados_completion_t completion, void* flight);
  /// Starts an operation and waits for its end; gives what librados returned. `start` is given the completion.
  Task<int> fly(Start start);
  void landed();

  const LibradosApi& api_;
  rados_ioctx_t context_;
  std::mutex mutex_;
  std::condition_variable all_landed_;
  std::size_t in_flight_ = 0;  // guarded by mutex_
};

}  // namespace shoal::rados
