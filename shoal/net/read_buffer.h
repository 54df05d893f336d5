#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "shoal/base/bytes.h"
#include "shoal/base/memory_account.h"

namespace shoal::net {

/// What was received and not yet used. Small while a connection is idle; grows for long heads. Bytes that were consumed
/// stay where they are until make_room(): views of a head live through the handling of its request.
class ReadBuffer {
 public:
  /// Holds a usual head, and is what an idle connection costs.
  static constexpr std::size_t idle_bytes = 2'048;

  /// The account may be null.
  explicit ReadBuffer(MemoryAccount* account);
  ~ReadBuffer();
  ReadBuffer(const ReadBuffer&) = delete;  // the account counts it once
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t bytes);
  /// Moves up to target.size() bytes over; returns how many.
  std::size_t take(MutableByteSpan target);

  /// Where the next bytes may be received; then tell with received().
  MutableByteSpan writable() { return {reinterpret_cast<std::byte*>(data_.get() + end_), capacity_ - end_}; }
  void received(std::size_t bytes);

  /// Makes writable() non-empty, by moving what is unread to the front or to a larger buffer. Views end here.
  void make_room();
  /// Puts `bytes` in front of what is unread. Views end here.
  void put_back(std::string_view bytes);
  /// Becomes small again when nothing is unread. Views end here.
  void shrink();

 private:
  void reallocate(std::size_t capacity, std::size_t front_bytes);

  MemoryAccount* account_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<char[]> data_;
};

}  // namespace shoal::net
