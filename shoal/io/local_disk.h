#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/worker_threads.h"

namespace shoal::io {
namespace local {
struct OpenFile;
}

/// How a disk of this machine is used.
struct LocalDiskOptions {
  unsigned queue_depth =
      128;  ///< Reads, writes and syncs at the same time; further ones wait. As many as the device answers in time.
  bool io_uring = true;  ///< False: worker threads even where io_uring works.
};

/// The disk of this machine for one loop, through io_uring if the kernel lets us, else through threads; a log line says
/// which. Destroy it before its loop.
std::unique_ptr<Disk> open_local_disk(EventLoop& loop, const LocalDiskOptions& options);

/// What real disks have in common: everything that concerns names goes through plain system calls on worker threads.
class LocalDisk : public Disk {
 public:
  ~LocalDisk() override;

  Task<Result<std::unique_ptr<File>>> open(std::string path, OpenOptions options) override;
  Task<Result<std::vector<std::string>>> list(std::string directory) override;
  Task<Result<void>> rename(std::string from, std::string to) override;
  Task<Result<void>> remove(std::string path) override;
  Task<Result<void>> create_directory(std::string path) override;
  Task<Result<void>> sync_directory(std::string directory) override;
  Task<Result<std::unique_ptr<DiskLock>>> lock(std::string path) override;
  Task<Result<std::uint64_t>> free_bytes(std::string directory) override;

 protected:
  using MakeFile = std::function<std::unique_ptr<File>(std::shared_ptr<local::OpenFile>)>;

  LocalDisk(std::shared_ptr<WorkerThreads> workers, MakeFile make_file);

 private:
  std::shared_ptr<WorkerThreads> workers_;
  MakeFile make_file_;
};

}  // namespace shoal::io
