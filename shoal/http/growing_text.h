#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace shoal::http {

/// Text that is put together from its front to its end. Up to `own_bytes` of it take no memory from the heap, and cost
/// nothing before they are written.
template <std::size_t own_bytes>
class GrowingText {
 public:
  GrowingText() = default;  // NOLINT(cppcoreguidelines-pro-type-member-init): own_ is not read before it is written
  GrowingText(const GrowingText& other) { *this = other; }
  GrowingText& operator=(const GrowingText& other) {
    if (this == &other) return *this;
    size_ = other.size_;
    long_ = other.long_;
    if (long_.empty()) std::memcpy(own_, other.own_, size_);
    return *this;
  }

  std::size_t size() const { return size_; }
  std::string_view view() const { return {long_.empty() ? own_ : long_.data(), size_}; }

  /// Where so many further bytes go, all of which the caller writes. Valid until the next call.
  char* extend(std::size_t bytes) {
    char* end = own_ + size_;
    if (!long_.empty() || own_bytes - size_ < bytes) end = extend_long(bytes);
    size_ += bytes;
    return end;
  }

 private:
  char* extend_long(std::size_t bytes) {
    if (long_.empty()) long_.assign(own_, size_);
    long_.resize(size_ + bytes);
    return long_.data() + size_;
  }

  std::size_t size_ = 0;
  std::string long_;  // all of it, once it is too long for own_
  char own_[own_bytes];
};

}  // namespace shoal::http
