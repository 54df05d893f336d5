#include "shoal/io/sync_timing_disk.h"

#include <utility>

#include "shoal/base/clock.h"

namespace shoal::io {
namespace {

class SyncTimingFile final : public File {
 public:
  SyncTimingFile(std::unique_ptr<File> file, metrics::DurationHistogram& sync_times)
      : file_(std::move(file)), sync_times_(sync_times) {}

  Task<Result<std::size_t>> read(std::uint64_t offset, MutableByteSpan into) override {
    return file_->read(offset, into);
  }
  Task<Result<void>> write(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return file_->write(offset, std::move(pieces));
  }
  Task<Result<void>> sync_data() override { return timed(file_->sync_data(), sync_times_); }
  Task<Result<void>> write_durably(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return timed(file_->write_durably(offset, std::move(pieces)), sync_times_);
  }
  Task<Result<void>> preallocate(std::uint64_t offset, std::uint64_t length) override {
    return file_->preallocate(offset, length);
  }
  Task<Result<void>> truncate(std::uint64_t size) override { return file_->truncate(size); }
  Task<Result<std::uint64_t>> size() override { return file_->size(); }

 private:
  /// The file may be destroyed meanwhile.
  static Task<Result<void>> timed(Task<Result<void>> sync, metrics::DurationHistogram& sync_times) {
    MonotonicTime began = system_clock().monotonic();
    Result<void> synced = co_await std::move(sync);
    if (synced) sync_times.record(system_clock().monotonic() - began);
    co_return synced;
  }

  const std::unique_ptr<File> file_;
  metrics::DurationHistogram& sync_times_;
};

}  // namespace

Task<Result<std::unique_ptr<File>>> SyncTimingDisk::open(std::string path, OpenOptions options) {
  CO_TRY_ASSIGN(std::unique_ptr<File> file, co_await disk_->open(std::move(path), options));
  co_return std::make_unique<SyncTimingFile>(std::move(file), sync_times_);
}

}  // namespace shoal::io
