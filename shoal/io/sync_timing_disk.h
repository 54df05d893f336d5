#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shoal/io/disk.h"
#include "shoal/metrics/duration_histogram.h"

namespace shoal::io {

/// Another Disk, with the duration of every File::sync_data() and write_durably() on record. All else goes straight
/// through.
class SyncTimingDisk final : public Disk {
 public:
  explicit SyncTimingDisk(std::unique_ptr<Disk> disk) : disk_(std::move(disk)) {}

  /// Of the syncs that succeeded. Any thread may read it.
  const metrics::DurationHistogram& sync_times() const { return sync_times_; }

  Task<Result<std::unique_ptr<File>>> open(std::string path, OpenOptions options) override;
  Task<Result<std::vector<std::string>>> list(std::string directory) override {
    return disk_->list(std::move(directory));
  }
  Task<Result<void>> rename(std::string from, std::string to) override {
    return disk_->rename(std::move(from), std::move(to));
  }
  Task<Result<void>> remove(std::string path) override { return disk_->remove(std::move(path)); }
  Task<Result<void>> create_directory(std::string path) override { return disk_->create_directory(std::move(path)); }
  Task<Result<void>> sync_directory(std::string directory) override {
    return disk_->sync_directory(std::move(directory));
  }
  Task<Result<std::unique_ptr<DiskLock>>> lock(std::string path) override { return disk_->lock(std::move(path)); }
  Task<Result<std::uint64_t>> free_bytes(std::string directory) override {
    return disk_->free_bytes(std::move(directory));
  }

 private:
  const std::unique_ptr<Disk> disk_;
  metrics::DurationHistogram sync_times_;
};

}  // namespace shoal::io
