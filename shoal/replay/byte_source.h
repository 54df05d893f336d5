#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"

namespace shoal::replay {

/// Reads a file from its start in pieces, decompressing it when it begins with the magic number of zstd (RFC 8878).
/// One reader at a time.
class ByteSource {
 public:
  static Result<ByteSource> open(const std::filesystem::path& file);

  /// The next bytes, valid until the next call; empty at the end. A damaged or cut-off frame is `corrupt`.
  Result<ByteSpan> next();
  std::uint64_t bytes_read() const;  ///< As stored.
  std::uint64_t bytes_total() const;

  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

 private:
  struct State;
  explicit ByteSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shoal::replay
