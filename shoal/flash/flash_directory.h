#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/segment_format.h"

namespace shoal::flash {

/// The directory with the segments of all loops, for one process at a time:
///
///   LOCK      held by that process
///   FLASH     what the copies are of, and by how many loops: text
///   loop-0/   segments of the first loop …
///
/// Copies of objects of another store, or by another number of loops, are of no use: they get another identity, by
/// which FlashLog knows that it may remove the segments.
class FlashDirectory {
 public:
  struct Options {
    std::string path;  ///< must exist
    std::uint64_t capacity = 0;
    std::uint64_t segment_bytes = 0;
    std::size_t loops = 1;
    std::string below;  ///< names the store that the copies are of; one line
  };

  /// invalid_argument, with what to do, if the directory is missing or the disk too small; conflict if another process
  /// uses it.
  static Task<Result<std::unique_ptr<FlashDirectory>>> open(io::Disk* disk, Options options);

  const storage::DirectoryId& id() const { return id_; }
  std::string path_of(std::size_t loop) const;
  /// Each loop's part of the capacity.
  std::uint64_t capacity_of_loop() const;
  /// As wanted, or less, so that a loop has some.
  std::uint64_t segment_bytes() const;

 private:
  explicit FlashDirectory(Options options) : options_(std::move(options)) {}
  Task<Result<void>> check_space(io::Disk* disk);
  /// Takes over the identity of what is there, or begins anew.
  Task<Result<void>> identify(io::Disk* disk);
  Task<Result<void>> remove_other_loops(io::Disk* disk);
  std::string description() const;

  const Options options_;
  storage::DirectoryId id_{};
  std::unique_ptr<io::DiskLock> lock_;
};

}  // namespace shoal::flash
