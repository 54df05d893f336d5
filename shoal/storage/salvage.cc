#include "shoal/storage/salvage.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/bucket_directory.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {
namespace {

constexpr std::uint64_t copy_bytes = 1_MiB;

/// "quarantine/0000000123-4096.bytes"
std::string file_name(const std::string& directory, SegmentId segment, std::uint64_t offset) {
  return fmt::format("{}/{:010}-{}.bytes", directory, segment.value(), offset);
}

Task<Result<void>> make_directory(io::Disk* disk, std::string path) {
  Result<void> made = co_await disk->create_directory(path);
  if (made) co_return co_await disk->sync_directory(io::parent_directory(path));
  if (made.error().code == ErrorCode::file_exists) co_return Result<void>();
  co_return made;
}

Task<Result<std::unique_ptr<io::File>>> create_file(io::Disk* disk, std::string path) {
  io::OpenOptions options;
  options.mode = io::OpenMode::create;
  CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await disk->open(path, options));
  CO_TRY(co_await file->truncate(0));  // an attempt that was cut short
  co_return file;
}

Task<Result<void>> keep_stretch(const Salvage* salvage, io::File* file, DamagedStretch stretch) {
  CO_TRY_ASSIGN(
      std::unique_ptr<io::File> copy,
      co_await create_file(salvage->disk, file_name(salvage->quarantine_path, salvage->segment.id, stretch.begin)));
  std::vector<std::byte> bytes;
  for (std::uint64_t offset = stretch.begin; offset < stretch.end; offset += bytes.size()) {
    bytes.resize(std::min(copy_bytes, stretch.end - offset));
    CO_TRY_ASSIGN(std::size_t got, co_await file->read(offset, bytes));
    if (got < bytes.size()) co_return failure(ErrorCode::io_error, "the segment became shorter");
    std::vector<ByteSpan> pieces(1, ByteSpan(bytes));
    CO_TRY(co_await copy->write(offset - stretch.begin, std::move(pieces)));
  }
  co_return co_await copy->sync_data();
}

Task<Result<void>> keep_stretches(const Salvage* salvage, io::File* file,
                                  const std::vector<DamagedStretch>* stretches) {
  CO_TRY(co_await make_directory(salvage->disk, salvage->quarantine_path));
  for (const DamagedStretch& stretch : *stretches) {
    CO_TRY(co_await keep_stretch(salvage, file, stretch));
  }
  co_return co_await salvage->disk->sync_directory(salvage->quarantine_path);
}

}  // namespace

Task<Result<void>> keep_record(io::Disk* disk, std::string quarantine_path, RecordLocation location,
                               PinnedBytes bytes) {
  CO_TRY(co_await make_directory(disk, quarantine_path));
  CO_TRY_ASSIGN(std::unique_ptr<io::File> copy,
                co_await create_file(disk, file_name(quarantine_path, location.segment, location.offset())));
  std::vector<ByteSpan> pieces(1, bytes.bytes);
  CO_TRY(co_await copy->write(0, std::move(pieces)));
  CO_TRY(co_await copy->sync_data());
  co_return co_await disk->sync_directory(quarantine_path);
}

Task<Result<bool>> keep_damaged(Salvage salvage, io::File* file, std::vector<DamagedStretch> stretches) {
  CO_TRY(co_await keep_stretches(&salvage, file, &stretches));
  bool all_explained = true;
  for (const DamagedStretch& stretch : stretches) {
    std::uint64_t explained = 0;
    for (LogStore* store : *salvage.stores) {
      auto replace_there = [&] { return store->replace_damaged(salvage.segment.id, stretch.begin, stretch.end); };
      CO_TRY_ASSIGN(std::uint64_t bytes, co_await io::run_on(store->loop(), replace_there));
      explained += bytes;
    }
    all_explained = all_explained && explained == stretch.end - stretch.begin;
    spdlog::warn("compaction: {} damaged bytes at {} of segment {} are kept in {}; {} of them were in use",
                 stretch.end - stretch.begin, stretch.begin, salvage.segment.id.value(),
                 file_name(salvage.quarantine_path, salvage.segment.id, stretch.begin), explained);
  }
  if (!all_explained) {
    io::AsyncMutex::Lock no_bucket_changes = co_await salvage.buckets->lock();
    CO_TRY(co_await salvage.stores->front()->restate_buckets(salvage.segment.first_sequence,
                                                             salvage.segment.last_sequence));
  }
  co_return all_explained;
}

}  // namespace shoal::storage
