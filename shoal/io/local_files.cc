#include "shoal/io/local_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "shoal/base/log.h"

namespace shoal::io::local {
namespace {

std::unexpected<Error> system_failure(std::string_view what) { return failure(error_of(errno, what)); }

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY | O_CLOEXEC;
    case OpenMode::read_write:
      return O_RDWR | O_CLOEXEC;
    case OpenMode::create:
      return O_RDWR | O_CREAT | O_CLOEXEC;
    case OpenMode::create_exclusively:
      return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  }
  return O_RDONLY | O_CLOEXEC;
}

class HeldLock final : public DiskLock {
 public:
  explicit HeldLock(FileDescriptor fd) : fd_(std::move(fd)) {}

 private:
  FileDescriptor fd_;  // closing it unlocks
};

}  // namespace

Error error_of(int error_number, std::string_view what) {
  ErrorCode code = ErrorCode::io_error;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      code = ErrorCode::disk_full;
      break;
    case ENOENT:
      code = ErrorCode::no_such_file;
      break;
    case EEXIST:
      code = ErrorCode::file_exists;
      break;
    case ENOTEMPTY:
      code = ErrorCode::conflict;
      break;
    default:
      break;
  }
  return {code, std::string(what) + ": " + std::generic_category().message(error_number)};
}

Result<std::shared_ptr<OpenFile>> open(std::string path, OpenOptions options) {
  auto file = std::make_shared<OpenFile>();
  file->buffered = FileDescriptor(::open(path.c_str(), open_flags(options.mode), options.permissions));
  if (!file->buffered) return system_failure("open " + path);
  if (options.direct_reads) {
    file->direct = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
    if (!file->direct && errno != EINVAL) return system_failure("open " + path);
    if (!file->direct) spdlog::debug("the file system has no direct I/O, so reads are buffered: {}", log_value(path));
  }
  file->path = std::move(path);
  return file;
}

Result<std::vector<std::string>> list(const std::string& directory) {
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
  if (!stream) return system_failure("list " + directory);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_failure("list " + directory);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("rename " + from + " to " + to);
  return {};
}

Result<void> remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return {};
  if (errno == EISDIR && ::rmdir(path.c_str()) == 0) return {};
  return system_failure("remove " + path);
}

Result<void> create_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return system_failure("create directory " + path);
  return {};
}

Result<void> sync_directory(const std::string& directory) {
  FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_failure("sync directory " + directory);
  return {};
}

Result<std::unique_ptr<DiskLock>> lock(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return system_failure("lock " + path);
  // flock() belongs to this one opening of the file, so that a second lock() in this process is refused as well.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return failure(ErrorCode::conflict, "lock " + path + ": it is held already");
    return system_failure("lock " + path);
  }
  return std::make_unique<HeldLock>(std::move(fd));
}

Result<std::uint64_t> free_bytes(const std::string& directory) {
  struct statvfs state = {};
  if (::statvfs(directory.c_str(), &state) != 0) return system_failure("free space of " + directory);
  return std::uint64_t{state.f_bavail} * state.f_frsize;
}

Result<void> truncate(const OpenFile& file, std::uint64_t size) {
  if (::ftruncate(file.buffered.get(), static_cast<off_t>(size)) != 0) return system_failure("truncate " + file.path);
  return {};
}

Result<std::uint64_t> size(const OpenFile& file) {
  struct stat state = {};
  if (::fstat(file.buffered.get(), &state) != 0) return system_failure("size of " + file.path);
  return static_cast<std::uint64_t>(state.st_size);
}

GatherCursor::GatherCursor(std::uint64_t offset, const std::vector<ByteSpan>& pieces) : offset_(offset) {
  vectors_.reserve(pieces.size());
  for (ByteSpan piece : pieces) {
    // iovec is used for reading and writing, so it has no const; a write does not change the bytes.
    if (!piece.empty()) vectors_.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
  }
}

unsigned GatherCursor::count() const {
  return static_cast<unsigned>(std::min<std::size_t>(vectors_.size() - first_, IOV_MAX));
}

void GatherCursor::advance(std::size_t bytes) {
  offset_ += bytes;
  while (bytes > 0) {
    iovec& vector = vectors_[first_];
    std::size_t step = std::min(bytes, vector.iov_len);
    vector.iov_base = static_cast<std::byte*>(vector.iov_base) + step;
    vector.iov_len -= step;
    bytes -= step;
    if (vector.iov_len == 0) ++first_;
  }
}

bool is_aligned(std::uint64_t offset, MutableByteSpan into) {
  return offset % direct_alignment == 0 && into.size() % direct_alignment == 0 &&
         reinterpret_cast<std::uintptr_t>(into.data()) % direct_alignment == 0;
}

}  // namespace shoal::io::local
