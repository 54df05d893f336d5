#pragma once

#include <cstddef>
#include <cstdint>

#include "shoal/base/wait_list.h"
#include "shoal/model/arriving_reader.h"

namespace shoal::origin {

/// The body of an object on its way from the origin. Whoever brings it fills one buffer of the size of the object; any
/// number of readers get parts of that buffer as far as it is filled, slow ones too, for nobody waits for them. The
/// last bytes are held back until the whole is known to be right, and after a failure nobody gets any more: who has not
/// all of it can tell. One loop.
class Arrival final : public ArrivingReader {
 public:
  /// `buffer` is not shared with anybody.
  explicit Arrival(BufferRef buffer) : buffer_(std::move(buffer)) {}

  // For who brings it.

  MutableByteSpan missing() const { return buffer_->bytes().subspan(filled_); }
  std::uint64_t filled_bytes() const { return filled_; }
  /// The first bytes of what is missing() have come.
  void add(std::size_t bytes);
  /// All has come and is right, or it never will.
  void end(Result<void> outcome);

  // For readers.

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override;
  Task<Result<Body>> read_some(std::uint64_t offset, std::uint64_t length) override;

 private:
  /// As many as are worth a packet of their own.
  static constexpr std::uint64_t held_back_bytes = 16 * 1024;

  std::uint64_t readable_bytes() const;
  /// Until the bytes before `end` can be read.
  Task<Result<void>> wait_for(std::uint64_t end);

  const BufferRef buffer_;
  std::uint64_t filled_ = 0;
  bool ended_ = false;
  Result<void> outcome_;
  WaitList waiters_;
};

}  // namespace shoal::origin
