#include "shoal/net/read_buffer.h"

#include <algorithm>
#include <cstring>

#include "shoal/base/check.h"

namespace shoal::net {

ReadBuffer::ReadBuffer(MemoryAccount* account) : account_(account) { reallocate(idle_bytes, 0); }

ReadBuffer::~ReadBuffer() {
  if (account_ != nullptr) account_->release(capacity_);
}

void ReadBuffer::consume(std::size_t bytes) {
  CHECK(bytes <= end_ - begin_);
  begin_ += bytes;
}

std::size_t ReadBuffer::take(MutableByteSpan target) {
  std::size_t bytes = std::min(target.size(), end_ - begin_);
  if (bytes > 0) std::memcpy(target.data(), data_.get() + begin_, bytes);
  begin_ += bytes;
  return bytes;
}

void ReadBuffer::received(std::size_t bytes) {
  CHECK(bytes <= capacity_ - end_);
  end_ += bytes;
}

void ReadBuffer::make_room() {
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  } else if (end_ == capacity_) {
    // Moving pays when it frees half of the buffer; else every byte would be moved again and again.
    reallocate(begin_ >= capacity_ / 2 ? capacity_ : capacity_ * 2, 0);
  }
}

void ReadBuffer::put_back(std::string_view bytes) {
  if (bytes.empty()) return;
  std::size_t needed = bytes.size() + (end_ - begin_);
  reallocate(std::max(needed, idle_bytes), bytes.size());
  std::memcpy(data_.get(), bytes.data(), bytes.size());
  begin_ = 0;
}

void ReadBuffer::shrink() {
  if (begin_ != end_) return;
  begin_ = 0;
  end_ = 0;
  if (capacity_ > idle_bytes) reallocate(idle_bytes, 0);
}

/// Leaves `front_bytes` free in front of what is unread.
void ReadBuffer::reallocate(std::size_t capacity, std::size_t front_bytes) {
  auto data = std::make_unique_for_overwrite<char[]>(capacity);
  std::size_t unread_bytes = end_ - begin_;
  if (unread_bytes > 0) std::memcpy(data.get() + front_bytes, data_.get() + begin_, unread_bytes);
  if (account_ != nullptr) {
    account_->charge(capacity);
    account_->release(capacity_);
  }
  data_ = std::move(data);
  capacity_ = capacity;
  begin_ = front_bytes;
  end_ = front_bytes + unread_bytes;
}

}  // namespace shoal::net
