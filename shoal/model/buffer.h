#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "shoal/base/bytes.h"
#include "shoal/base/file_memory.h"
#include "shoal/base/memory_account.h"

namespace shoal {

/// One block of memory shared by counted references and charged to an account until the last one goes (which may be on
/// any thread). Written by its maker only until it is first shared; one in a file (BufferRef::store) never.
class Buffer {
 public:
  std::byte* data() { return data_; }
  std::size_t size() const { return size_; }
  MutableByteSpan bytes() { return {data_, size_}; }
  /// What it charges to its account.
  std::size_t charged_bytes() const;
  /// Where the system can send `bytes` from, a part of these; nothing of ordinary memory. As long as the buffer lives.
  std::optional<FilePlace> place_of(ByteSpan bytes) const {
    if (file_ == nullptr) return std::nullopt;
    return file_->place_of(bytes.data());
  }

 private:
  friend class BufferRef;
  Buffer(std::byte* data, std::size_t size, std::size_t alignment, MemoryAccount* account, FileMemory* file = nullptr)
      : alignment_(static_cast<std::uint32_t>(alignment)), data_(data), size_(size), account_(account), file_(file) {}

  std::atomic<std::uint32_t> references_{1};
  std::uint32_t alignment_;
  std::byte* data_;
  std::size_t size_;
  MemoryAccount* account_;
  FileMemory* file_;  // where the bytes are; null: behind this
};

/// Counted reference to a Buffer; empty by default.
class BufferRef {
 public:
  /// A new block of `size` bytes, not cleared, at an address that is a multiple of `alignment` (a power of two). The
  /// account, if any, must outlive every reference.
  static BufferRef allocate(std::size_t size, MemoryAccount* account = nullptr,
                            std::size_t alignment = alignof(std::max_align_t));
  /// A copy of the pieces in `file`, from which it can be sent; null when there is no room. The file and the account
  /// must outlive every reference.
  static BufferRef store(FileMemory& file, std::span<const ByteSpan> pieces, MemoryAccount* account = nullptr);
  /// What they charge to the account.
  static std::size_t charged_bytes(std::size_t size, std::size_t alignment = alignof(std::max_align_t));
  static std::size_t charged_bytes(std::size_t size, const FileMemory& file) {
    return sizeof(Buffer) + file.bytes_taken(size);
  }

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
