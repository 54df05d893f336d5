#pragma once

#include <memory>

#include "shoal/io/local_disk.h"
#include "shoal/io/uring.h"

namespace shoal::io {

/// A disk of this machine through io_uring: reads, writes, syncs and preallocation of one round of the loop are one
/// system call.
class UringDisk final : public LocalDisk {
 public:
  /// not_supported where there is no io_uring.
  static Result<std::unique_ptr<UringDisk>> create(EventLoop& loop, unsigned queue_depth);
  ~UringDisk() override;

 private:
  UringDisk(std::shared_ptr<Uring> ring, std::shared_ptr<WorkerThreads> workers);

  std::shared_ptr<Uring> ring_;
};

}  // namespace shoal::io
