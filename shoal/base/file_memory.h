#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shoal/base/bytes.h"

namespace shoal {

/// Bytes as the system finds them: at an offset in an open file.
struct FilePlace {
  int descriptor;
  std::uint64_t offset;
};

/// Memory that is a file, so that the system can send from it without a copy. What is stored is never written to
/// again; whoever reads it reads it like other memory. Any thread.
class FileMemory {
 public:
  virtual ~FileMemory() = default;

  /// A copy of the pieces, one after the other. Empty when there is no room for them.
  virtual ByteSpan store(std::span<const ByteSpan> pieces) = 0;
  /// Ends what store() returned. What was sent of it and not received yet still arrives as it was.
  virtual void discard(ByteSpan stored) = 0;
  /// Where a byte lies that was stored. As long as it is.
  virtual FilePlace place_of(const std::byte* byte) const = 0;
  /// What so many stored bytes take of the machine's memory.
  virtual std::size_t bytes_taken(std::size_t bytes) const = 0;
};

}  // namespace shoal
