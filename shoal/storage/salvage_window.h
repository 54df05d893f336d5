#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "shoal/base/memory_account.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/model/buffer.h"

namespace shoal::storage {

/// A window on a file that moves forward, in reads that grow while they follow each other, and goes on where the disk
/// cannot: pages that cannot be read are zeros, and remembered. For those who look for damage. One call at a time.
class SalvageWindow {
 public:
  SalvageWindow(io::File* file, std::uint64_t file_bytes, MemoryAccount* account = nullptr)
      : file_(file), file_bytes_(file_bytes), account_(account) {}

  /// The bytes [offset, offset + length), fewer at the end of the file. Valid until the next call.
  Task<ByteSpan> at(std::uint64_t offset, std::uint64_t length);
  /// What keeps the bytes that the last call of at() returned, for longer than until the next.
  const BufferRef& owner() const { return buffer_; }
  /// Why the disk could not read some of these bytes, which were asked for before.
  std::optional<std::string> unreadable(std::uint64_t offset, std::uint64_t length) const;

 private:
  Task<void> read_by_pages();

  io::File* file_;
  std::uint64_t file_bytes_;
  MemoryAccount* account_;
  BufferRef buffer_;
  std::uint64_t begin_ = 0;
  std::uint64_t bytes_ = 0;                          ///< in the buffer, from begin_
  std::uint64_t step_ = 0;                           ///< how much the last read asked for
  std::map<std::uint64_t, std::string> unreadable_;  ///< pages of the window, by offset
};

}  // namespace shoal::storage
