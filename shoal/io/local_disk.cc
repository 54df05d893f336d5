#include "shoal/io/local_disk.h"

#include <utility>

#include "shoal/base/log.h"
#include "shoal/io/local_files.h"
#include "shoal/io/thread_disk.h"
#include "shoal/io/uring_disk.h"

namespace shoal::io {
namespace {

/// The disk may be destroyed while this runs, so it takes what it needs along.
Task<Result<std::unique_ptr<File>>> open_file(
    std::shared_ptr<WorkerThreads> workers, std::string path, OpenOptions options,
    std::function<std::unique_ptr<File>(std::shared_ptr<local::OpenFile>)> make_file) {
  CO_TRY_ASSIGN(std::shared_ptr<local::OpenFile> file,
                co_await workers->run([&path, options] { return local::open(path, options); }));
  co_return make_file(std::move(file));
}

/// Runs a function of one or two paths on a worker thread.
template <typename T>
Task<Result<T>> call(std::shared_ptr<WorkerThreads> workers, Result<T> (*function)(const std::string&),
                     std::string path) {
  co_return co_await workers->run([function, &path] { return function(path); });
}

Task<Result<void>> rename_file(std::shared_ptr<WorkerThreads> workers, std::string from, std::string to) {
  co_return co_await workers->run([&from, &to] { return local::rename(from, to); });
}

}  // namespace

std::unique_ptr<Disk> open_local_disk(EventLoop& loop, const LocalDiskOptions& options) {
  if (options.io_uring) {
    Result<std::unique_ptr<UringDisk>> disk = UringDisk::create(loop, options.queue_depth);
    if (disk) {
      spdlog::info("disk access: io_uring, at most {} operations at the same time", options.queue_depth);
      return std::move(*disk);
    }
    spdlog::warn("disk access: worker threads, slower than io_uring would be: {}", disk.error().message);
  } else {
    spdlog::info("disk access: worker threads, as configured");
  }
  return std::make_unique<ThreadDisk>();
}

LocalDisk::LocalDisk(std::shared_ptr<WorkerThreads> workers, MakeFile make_file)
    : workers_(std::move(workers)), make_file_(std::move(make_file)) {}

LocalDisk::~LocalDisk() { workers_->close(); }

Task<Result<std::unique_ptr<File>>> LocalDisk::open(std::string path, OpenOptions options) {
  return open_file(workers_, std::move(path), options, make_file_);
}
Task<Result<std::vector<std::string>>> LocalDisk::list(std::string directory) {
  return call(workers_, local::list, std::move(directory));
}
Task<Result<void>> LocalDisk::rename(std::string from, std::string to) {
  return rename_file(workers_, std::move(from), std::move(to));
}
Task<Result<void>> LocalDisk::remove(std::string path) { return call(workers_, local::remove, std::move(path)); }
Task<Result<void>> LocalDisk::create_directory(std::string path) {
  return call(workers_, local::create_directory, std::move(path));
}
Task<Result<void>> LocalDisk::sync_directory(std::string directory) {
  return call(workers_, local::sync_directory, std::move(directory));
}
Task<Result<std::unique_ptr<DiskLock>>> LocalDisk::lock(std::string path) {
  return call(workers_, local::lock, std::move(path));
}
Task<Result<std::uint64_t>> LocalDisk::free_bytes(std::string directory) {
  return call(workers_, local::free_bytes, std::move(directory));
}

}  // namespace shoal::io
