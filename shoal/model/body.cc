#include "shoal/model/body.h"

#include <algorithm>

#include "shoal/base/check.h"

namespace shoal {

Body::Body(BufferRef buffer) {
  if (!buffer || buffer->size() == 0) return;
  ByteSpan bytes = buffer->bytes();
  slices_.push_back({std::move(buffer), bytes});
  size_ = bytes.size();
}

Body::Body(BufferRef buffer, ByteSpan bytes) {
  if (bytes.empty()) return;
  CHECK(buffer && bytes.data() >= buffer->data() && bytes.data() + bytes.size() <= buffer->data() + buffer->size());
  slices_.push_back({std::move(buffer), bytes});
  size_ = bytes.size();
}

Body Body::copy_of(ByteSpan bytes, MemoryAccount* account) {
  if (bytes.empty()) return {};
  BufferRef buffer = BufferRef::allocate(bytes.size(), account);
  std::memcpy(buffer->data(), bytes.data(), bytes.size());
  return Body(std::move(buffer));
}

void Body::append(Body tail) {
  size_ += tail.size_;
  for (Slice& slice : tail.slices_) slices_.push_back(std::move(slice));
}

Body Body::sub_body(std::uint64_t offset, std::uint64_t length) const {
  CHECK(offset <= size_ && length <= size_ - offset);
  Body part;
  for (const Slice& slice : slices_) {
    if (length == 0) break;
    if (offset >= slice.bytes.size()) {
      offset -= slice.bytes.size();
      continue;
    }
    std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(length, slice.bytes.size() - offset));
    part.slices_.push_back({slice.owner, slice.bytes.subspan(static_cast<std::size_t>(offset), taken)});
    part.size_ += taken;
    length -= taken;
    offset = 0;
  }
  return part;
}

ByteSpan Body::contiguous() const {
  CHECK(is_contiguous());
  return slices_.empty() ? ByteSpan{} : slices_.front().bytes;
}

Body Body::flattened(MemoryAccount* account) const {
  if (empty()) return {};
  BufferRef buffer = BufferRef::allocate(static_cast<std::size_t>(size_), account);
  std::byte* to = buffer->data();
  for (const Slice& slice : slices_) {
    std::memcpy(to, slice.bytes.data(), slice.bytes.size());
    to += slice.bytes.size();
  }
  return Body(std::move(buffer));
}

std::string Body::to_string() const {
  std::string text;
  text.reserve(static_cast<std::size_t>(size_));
  for (const Slice& slice : slices_) text.append(as_text(slice.bytes));
  return text;
}

bool Body::operator==(const Body& other) const {
  if (size_ != other.size_) return false;
  auto a = slices_.begin();
  auto b = other.slices_.begin();
  std::size_t a_at = 0;
  std::size_t b_at = 0;
  for (std::uint64_t left = size_; left > 0;) {
    std::size_t count = std::min(a->bytes.size() - a_at, b->bytes.size() - b_at);
    if (std::memcmp(a->bytes.data() + a_at, b->bytes.data() + b_at, count) != 0) return false;
    left -= count;
    a_at += count;
    b_at += count;
    if (a_at == a->bytes.size()) ++a, a_at = 0;
    if (b_at == b->bytes.size()) ++b, b_at = 0;
  }
  return true;
}

}  // namespace shoal
