#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

#include "shoal/base/result.h"
#include "shoal/io/disk.h"
#include "shoal/io/file_descriptor.h"

/// The system calls that real disks share. They block, and are called from any thread.
namespace shoal::io::local {

/// The error that a system call left in `error_number`: "write /data/x: No space left on device".
Error error_of(int error_number, std::string_view what);

/// An open file; operations in flight share it, the last of them closes it.
struct OpenFile {
  std::string path;
  FileDescriptor buffered;
  FileDescriptor direct;       ///< Empty unless reads are to bypass the page cache.
  bool keeps_written = false;  ///< The file system does not know writes that leave nothing in the page cache.
};

Result<std::shared_ptr<OpenFile>> open(std::string path, OpenOptions options);
Result<std::vector<std::string>> list(const std::string& directory);
Result<void> rename(const std::string& from, const std::string& to);
Result<void> remove(const std::string& path);
Result<void> create_directory(const std::string& path);
Result<void> sync_directory(const std::string& directory);
Result<std::unique_ptr<DiskLock>> lock(const std::string& path);
Result<std::uint64_t> free_bytes(const std::string& directory);
Result<void> truncate(const OpenFile& file, std::uint64_t size);
Result<std::uint64_t> size(const OpenFile& file);

/// Takes the pieces of a gather write apart into calls that the system accepts, and goes on after short ones.
class GatherCursor {
 public:
  GatherCursor(std::uint64_t offset, const std::vector<ByteSpan>& pieces);

  bool done() const { return first_ == vectors_.size(); }
  std::uint64_t offset() const { return offset_; }
  /// What the next call writes: valid until advance().
  const iovec* data() const { return vectors_.data() + first_; }
  unsigned count() const;
  void advance(std::size_t bytes);

 private:
  std::uint64_t offset_;
  std::vector<iovec> vectors_;
  std::size_t first_ = 0;
};

/// The most that one call reads: longer ones are cut by the system at 2 GiB, and not at an aligned place.
inline constexpr std::size_t read_bytes_max = std::size_t{1} << 30;

/// Whether a direct read goes straight into the caller's memory.
bool is_aligned(std::uint64_t offset, MutableByteSpan into);

}  // namespace shoal::io::local
