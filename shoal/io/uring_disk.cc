#include "shoal/io/uring_disk.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <fcntl.h>
#include <sys/uio.h>

#include "shoal/io/aligned_buffer.h"
#include "shoal/io/local_files.h"

namespace shoal::io {
namespace {

using local::OpenFile;

/// For what the ring does not do: names, and truncation. Rare, so few.
constexpr std::size_t worker_threads = 2;

/// Of pwritev2(2), Linux 6.14: the page cache keeps nothing of what is written once it is on the disk. Debian 12's
/// headers do not have it yet.
constexpr int rwf_dontcache = 0x80;
/// Durable writes from this size on are not kept.
constexpr std::size_t uncached_bytes_min = 1_MiB;

bool should_repeat(int result) { return result == -EINTR || result == -EAGAIN; }

Error error_of(int result, std::string_view what, const OpenFile& file) {
  std::string text = std::string(what) + " " + file.path;
  if (result == -ECANCELED) return {ErrorCode::closed, text + ": the disk is closed"};
  return local::error_of(-result, text);
}

/// What every operation takes along: the file and the disk may be destroyed before it is done.
struct Open {
  std::shared_ptr<Uring> ring;
  std::shared_ptr<WorkerThreads> workers;
  std::shared_ptr<OpenFile> file;
};

Task<Result<std::size_t>> read_with(Open open, int fd, std::size_t alignment, std::uint64_t offset,
                                    MutableByteSpan into) {
  std::size_t done = 0;
  while (done < into.size()) {
    int got = co_await open.ring->run([&](io_uring_sqe* entry) {
      auto length = static_cast<unsigned>(std::min(into.size() - done, local::read_bytes_max));
      ::io_uring_prep_read(entry, fd, into.data() + done, length, offset + done);
    });
    if (should_repeat(got)) continue;
    if (got < 0) co_return failure(error_of(got, "read", *open.file));
    done += static_cast<std::size_t>(got);
    if (got == 0 || done % alignment != 0) break;  // the end of the file
  }
  co_return done;
}

Task<Result<std::size_t>> read_unaligned(Open open, std::uint64_t offset, MutableByteSpan into) {
  std::uint64_t begin = align_down(offset);
  AlignedBuffer buffer(align_up(offset + into.size()) - begin);
  int fd = open.file->direct.get();
  CO_TRY_ASSIGN(std::size_t got, co_await read_with(std::move(open), fd, direct_alignment, begin, buffer.span()));
  co_return copy_covered(buffer.span().first(got), offset - begin, into);
}

Task<Result<void>> write_all(Open open, std::uint64_t offset, std::vector<ByteSpan> pieces, int flags = 0) {
  local::GatherCursor cursor(offset, pieces);
  while (!cursor.done()) {
    int written = co_await open.ring->run([&](io_uring_sqe* entry) {
      ::io_uring_prep_writev2(entry, open.file->buffered.get(), cursor.data(), cursor.count(), cursor.offset(), flags);
    });
    if (should_repeat(written)) continue;
    if (written == -EOPNOTSUPP && (flags & rwf_dontcache) != 0) {
      flags &= ~rwf_dontcache;
      open.file->keeps_written = true;
      continue;
    }
    if (written == 0) written = -EIO;  // a regular file takes at least one byte, or says why not
    if (written < 0) co_return failure(error_of(written, "write", *open.file));
    cursor.advance(static_cast<std::size_t>(written));
  }
  co_return Result<void>();
}

Task<Result<void>> sync(Open open) {
  int result = co_await open.ring->run(
      [&](io_uring_sqe* entry) { ::io_uring_prep_fsync(entry, open.file->buffered.get(), IORING_FSYNC_DATASYNC); });
  if (result < 0) co_return failure(error_of(result, "sync", *open.file));  // never repeated: see File::sync_data()
  co_return Result<void>();
}

Task<Result<void>> write_all_and_sync(Open open, std::uint64_t offset, std::vector<ByteSpan> pieces) {
  CO_TRY(co_await write_all(open, offset, std::move(pieces)));
  co_return co_await sync(std::move(open));
}

Task<Result<void>> preallocate_range(Open open, std::uint64_t offset, std::uint64_t length) {
  int result = -EINTR;
  while (should_repeat(result)) {
    result = co_await open.ring->run([&](io_uring_sqe* entry) {
      ::io_uring_prep_fallocate(entry, open.file->buffered.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                                static_cast<off_t>(length));
    });
  }
  if (result < 0) co_return failure(error_of(result, "preallocate", *open.file));
  co_return Result<void>();
}

Task<Result<void>> truncate_to(Open open, std::uint64_t size) {
  co_return co_await open.workers->run([&] { return local::truncate(*open.file, size); });
}

Task<Result<std::uint64_t>> size_of(std::shared_ptr<OpenFile> file) { co_return local::size(*file); }

class UringFile final : public File {
 public:
  explicit UringFile(Open open) : open_(std::move(open)) {}

  Task<Result<std::size_t>> read(std::uint64_t offset, MutableByteSpan into) override {
    if (!open_.file->direct) return read_with(open_, open_.file->buffered.get(), 1, offset, into);
    if (!local::is_aligned(offset, into)) return read_unaligned(open_, offset, into);
    return read_with(open_, open_.file->direct.get(), direct_alignment, offset, into);
  }
  Task<Result<void>> write(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return write_all(open_, offset, std::move(pieces));
  }
  Task<Result<void>> sync_data() override { return sync(open_); }
  Task<Result<void>> write_durably(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    // RWF_DSYNC is about the bytes of one call.
    if (pieces.size() > IOV_MAX) return write_all_and_sync(open_, offset, std::move(pieces));
    std::size_t bytes = 0;
    for (ByteSpan piece : pieces) bytes += piece.size();
    bool keep = bytes < uncached_bytes_min || open_.file->keeps_written;
    return write_all(open_, offset, std::move(pieces), RWF_DSYNC | (keep ? 0 : rwf_dontcache));
  }
  Task<Result<void>> preallocate(std::uint64_t offset, std::uint64_t length) override {
    return preallocate_range(open_, offset, length);
  }
  Task<Result<void>> truncate(std::uint64_t size) override { return truncate_to(open_, size); }
  Task<Result<std::uint64_t>> size() override { return size_of(open_.file); }

 private:
  Open open_;
};

}  // namespace

Result<std::unique_ptr<UringDisk>> UringDisk::create(EventLoop& loop, unsigned queue_depth) {
  TRY_ASSIGN(std::shared_ptr<Uring> ring, Uring::create(loop, queue_depth));
  auto workers = std::make_shared<WorkerThreads>(worker_threads, "disk");
  return std::unique_ptr<UringDisk>(new UringDisk(std::move(ring), std::move(workers)));
}

UringDisk::UringDisk(std::shared_ptr<Uring> ring, std::shared_ptr<WorkerThreads> workers)
    : LocalDisk(workers,
                [ring, workers](std::shared_ptr<OpenFile> file) {
                  Open open{ring, workers, std::move(file)};
                  return std::make_unique<UringFile>(std::move(open));
                }),
      ring_(ring) {}

UringDisk::~UringDisk() { ring_->close(); }

}  // namespace shoal::io
