#pragma once

#include <cstddef>

#include "shoal/io/local_disk.h"

namespace shoal::io {

/// A disk of this machine through plain system calls on worker threads: for kernels and containers without io_uring.
class ThreadDisk final : public LocalDisk {
 public:
  /// `threads` operations run at the same time; further ones wait.
  explicit ThreadDisk(std::size_t threads = 4);

 private:
  explicit ThreadDisk(std::shared_ptr<WorkerThreads> workers);
};

}  // namespace shoal::io
