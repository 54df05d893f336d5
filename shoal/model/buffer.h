#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "shoal/base/bytes.h"
#include "shoal/base/memory_account.h"

namespace shoal {

/// One block of memory shared by counted references and charged to an account until the last one goes (which may be on
/// any thread). Written by its maker only until it is first shared.
class Buffer {
 public:
  std::byte* data() { return data_; }
  std::size_t size() const { return size_; }
  MutableByteSpan bytes() { return {data_, size_}; }

 private:
  friend class BufferRef;
  Buffer(std::byte* data, std::size_t size, std::size_t alignment, MemoryAccount* account)
      : data_(data), size_(size), alignment_(alignment), account_(account) {}

  std::atomic<std::uint32_t> references_{1};
  std::byte* data_;
  std::size_t size_;
  std::size_t alignment_;
  MemoryAccount* account_;
};

/// Counted reference to a Buffer; empty by default.
class BufferRef {
 public:
  /// A new block of `size` bytes, not cleared, at an address that is a multiple of `alignment` (a power of two). The
  /// account, if any, must outlive every reference.
  static BufferRef allocate(std::size_t size, MemoryAccount* account = nullptr,
                            std::size_t alignment = alignof(std::max_align_t));
  /// What such a block charges to its account.
  static std::size_t charged_bytes(std::size_t size, std::size_t alignment = alignof(std::max_align_t));

  BufferRef() = default;
  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    if (buffer_ != nullptr) buffer_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() {
    if (buffer_ != nullptr && buffer_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(buffer_);
  }

  Buffer* operator->() const { return buffer_; }
  explicit operator bool() const { return buffer_ != nullptr; }
  /// Whether this is the only reference, so that the bytes may still be written. Meaningful on the owning thread only.
  bool is_unique() const { return buffer_ != nullptr && buffer_->references_.load(std::memory_order_acquire) == 1; }

 private:
  explicit BufferRef(Buffer* buffer) : buffer_(buffer) {}
  static void destroy(Buffer* buffer);

  Buffer* buffer_ = nullptr;
};

}  // namespace shoal
