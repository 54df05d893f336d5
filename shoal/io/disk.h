#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"

namespace shoal::io {

/// An open file. Positions are given with each call; there is no cursor.
///
/// Calls come from the loop of the Disk. Several operations may run at the same time, and then their order is open: a
/// caller who needs one waits for the first before he starts the second. The memory that an operation reads or fills
/// must stay until the operation is done. A File may be destroyed while operations run: they finish, then it is closed.
///
/// What was written is read back at once, but survives a power cut only after sync_data(). Errors of the operating
/// system: disk_full, otherwise io_error; the message has the path and the system's text.
class File {
 public:
  virtual ~File() = default;

  /// Fills `into` from `offset`; fewer bytes only at the end of the file. Returns how many.
  virtual Task<Result<std::size_t>> read(std::uint64_t offset, MutableByteSpan into) = 0;

  /// Writes the pieces one after the other, all of them or an error, after which any part may have been written.
  /// Writing past the end makes the file longer; a gap reads as zeros.
  virtual Task<Result<void>> write(std::uint64_t offset, std::vector<ByteSpan> pieces) = 0;

  /// Makes durable, with the size of the file, all writes that were done before this call. Not the file's name: that is
  /// Disk::sync_directory(). After an error nothing is known about any write since the last success, and a later
  /// success does not repair that: stop using the file.
  virtual Task<Result<void>> sync_data() = 0;

  /// write(), and then makes durable what was written, with the size of the file: as sync_data() does, but nothing is
  /// said about other writes. One way to the disk instead of two, and much at a time is not kept in the page cache.
  virtual Task<Result<void>> write_durably(std::uint64_t offset, std::vector<ByteSpan> pieces) = 0;

  /// Reserves space, so that writing there does not fail with disk_full. The size stays; truncate(size) gives back what
  /// lies behind it.
  virtual Task<Result<void>> preallocate(std::uint64_t offset, std::uint64_t length) = 0;

  /// Cuts the file or extends it with zeros.
  virtual Task<Result<void>> truncate(std::uint64_t size) = 0;

  virtual Task<Result<std::uint64_t>> size() = 0;
};

/// Held as long as the object lives; the system frees it when the process ends, however it ends.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

enum class OpenMode {
  read,               ///< The file must exist.
  read_write,         ///< The file must exist.
  create,             ///< read_write; made if it is missing.
  create_exclusively  ///< read_write; file_exists if it is there.
};

struct OpenOptions {
  OpenMode mode = OpenMode::read;
  /// Reads bypass the page cache (O_DIRECT). Any offset and length work; aligned ones (`direct_alignment`) are not
  /// copied. Writes are buffered as ever. Where the file system refuses, reads are buffered too.
  bool direct_reads = false;
  std::uint32_t permissions = 0600;  ///< Of a file that is made here.
};

/// Reads with `direct_reads` go straight into memory whose address, length and file offset are multiples of this.
inline constexpr std::size_t direct_alignment = 4096;

/// The narrow view of a file system that storage is written on. Real ones: uring_disk.h, thread_disk.h (open_disk() in
/// local_disk.h chooses); simulated: shoal/sim. One for each loop; calls come from that loop. Destroying it waits for
/// what the operating system still works on.
///
/// Paths are those of the operating system. Errors, beyond those of File: no_such_file, file_exists, conflict.
class Disk {
 public:
  virtual ~Disk() = default;

  virtual Task<Result<std::unique_ptr<File>>> open(std::string path, OpenOptions options) = 0;

  /// The names in a directory, without the path, sorted.
  virtual Task<Result<std::vector<std::string>>> list(std::string directory) = 0;

  /// Gives a file another name in the same file system; a file that has that name is replaced, atomically.
  virtual Task<Result<void>> rename(std::string from, std::string to) = 0;

  /// Removes a file or an empty directory (conflict if it is not empty). Files that are open stay readable until
  /// closed.
  virtual Task<Result<void>> remove(std::string path) = 0;

  /// The parent must exist; file_exists if anything has the name.
  virtual Task<Result<void>> create_directory(std::string path) = 0;

  /// Makes durable which names the directory has: after creating, renaming or removing in it.
  virtual Task<Result<void>> sync_directory(std::string directory) = 0;

  /// Takes the lock file `path` for us alone, making it if needed; conflict when any process holds it, this one
  /// included.
  virtual Task<Result<std::unique_ptr<DiskLock>>> lock(std::string path) = 0;

  /// What an unprivileged writer may still use of the file system.
  virtual Task<Result<std::uint64_t>> free_bytes(std::string directory) = 0;
};

/// The directory part: "a/b" → "a", "b" → ".", "/b" → "/".
std::string parent_directory(std::string_view path);

/// Reads a whole file of at most `bytes_max`; too_large beyond.
Task<Result<std::vector<std::byte>>> read_file(Disk* disk, std::string path, std::uint64_t bytes_max);

/// Puts `content` in place of a file, durably and at once: whoever reads, even after a power cut, sees the old content
/// or the new. Uses `path` + ".new" on the way.
Task<Result<void>> replace_file(Disk* disk, std::string path, std::vector<std::byte> content,
                                std::uint32_t permissions);

}  // namespace shoal::io
