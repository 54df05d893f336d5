#include "shoal/io/thread_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>

#include "shoal/io/aligned_buffer.h"
#include "shoal/io/local_files.h"

namespace shoal::io {
namespace {

using local::OpenFile;

Result<std::size_t> read_with(int fd, std::size_t alignment, const OpenFile& file, std::uint64_t offset,
                              MutableByteSpan into) {
  std::size_t done = 0;
  while (done < into.size()) {
    std::size_t length = std::min(into.size() - done, local::read_bytes_max);
    ssize_t got = ::pread(fd, into.data() + done, length, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(local::error_of(errno, "read " + file.path));
    done += static_cast<std::size_t>(got);
    if (got == 0 || done % alignment != 0) break;  // the end of the file
  }
  return done;
}

Result<std::size_t> read(const OpenFile& file, std::uint64_t offset, MutableByteSpan into) {
  if (!file.direct) return read_with(file.buffered.get(), 1, file, offset, into);
  if (local::is_aligned(offset, into)) return read_with(file.direct.get(), direct_alignment, file, offset, into);
  std::uint64_t begin = align_down(offset);
  AlignedBuffer buffer(align_up(offset + into.size()) - begin);
  TRY_ASSIGN(std::size_t got, read_with(file.direct.get(), direct_alignment, file, begin, buffer.span()));
  return copy_covered(buffer.span().first(got), offset - begin, into);
}

Result<void> write(const OpenFile& file, std::uint64_t offset, const std::vector<ByteSpan>& pieces) {
  local::GatherCursor cursor(offset, pieces);
  while (!cursor.done()) {
    ssize_t written = ::pwritev(file.buffered.get(), cursor.data(), static_cast<int>(cursor.count()),
                                static_cast<off_t>(cursor.offset()));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure(local::error_of(errno, "write " + file.path));
    if (written == 0) return failure(local::error_of(EIO, "write " + file.path));
    cursor.advance(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync(const OpenFile& file) {
  if (::fdatasync(file.buffered.get()) != 0) return failure(local::error_of(errno, "sync " + file.path));
  return {};
}

Result<void> write_durably(const OpenFile& file, std::uint64_t offset, const std::vector<ByteSpan>& pieces) {
  TRY(write(file, offset, pieces));
  return sync(file);
}

Result<void> preallocate(const OpenFile& file, std::uint64_t offset, std::uint64_t length) {
  int result = 0;
  do {
    result =
        ::fallocate(file.buffered.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (result != 0 && errno == EINTR);
  if (result != 0) return failure(local::error_of(errno, "preallocate " + file.path));
  return {};
}

/// Runs a function of the open file on a worker thread and keeps both alive meanwhile.
template <typename Function>
Task<std::invoke_result_t<Function&, const OpenFile&>> call(std::shared_ptr<WorkerThreads> workers,
                                                            std::shared_ptr<OpenFile> file, Function function) {
  co_return co_await workers->run([&] { return function(*file); });
}

class ThreadFile final : public File {
 public:
  ThreadFile(std::shared_ptr<WorkerThreads> workers, std::shared_ptr<OpenFile> file)
      : workers_(std::move(workers)), file_(std::move(file)) {}

  Task<Result<std::size_t>> read(std::uint64_t offset, MutableByteSpan into) override {
    return call(workers_, file_, [offset, into](const OpenFile& file) { return io::read(file, offset, into); });
  }
  Task<Result<void>> write(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return call(workers_, file_,
                [offset, pieces = std::move(pieces)](const OpenFile& file) { return io::write(file, offset, pieces); });
  }
  Task<Result<void>> sync_data() override { return call(workers_, file_, &io::sync); }
  Task<Result<void>> write_durably(std::uint64_t offset, std::vector<ByteSpan> pieces) override {
    return call(workers_, file_, [offset, pieces = std::move(pieces)](const OpenFile& file) {
      return io::write_durably(file, offset, pieces);
    });
  }
  Task<Result<void>> preallocate(std::uint64_t offset, std::uint64_t length) override {
    return call(workers_, file_,
                [offset, length](const OpenFile& file) { return io::preallocate(file, offset, length); });
  }
  Task<Result<void>> truncate(std::uint64_t size) override {
    return call(workers_, file_, [size](const OpenFile& file) { return local::truncate(file, size); });
  }
  Task<Result<std::uint64_t>> size() override { return call(workers_, file_, &local::size); }

 private:
  std::shared_ptr<WorkerThreads> workers_;
  std::shared_ptr<OpenFile> file_;
};

}  // namespace

ThreadDisk::ThreadDisk(std::size_t threads) : ThreadDisk(std::make_shared<WorkerThreads>(threads, "disk")) {}

ThreadDisk::ThreadDisk(std::shared_ptr<WorkerThreads> workers)
    : LocalDisk(workers, [workers](std::shared_ptr<OpenFile> file) {
        return std::make_unique<ThreadFile>(workers, std::move(file));
      }) {}

}  // namespace shoal::io
