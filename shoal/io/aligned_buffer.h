#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "shoal/base/bytes.h"
#include "shoal/io/disk.h"

namespace shoal::io {

/// Memory that a direct read can fill without a copy: its address is a multiple of `direct_alignment`. Not zeroed.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t size)
      : size_(size), memory_(static_cast<std::byte*>(::operator new(size, std::align_val_t(direct_alignment)))) {}

  MutableByteSpan span() { return {memory_.get(), size_}; }
  ByteSpan span() const { return {memory_.get(), size_}; }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t(direct_alignment)); }
  };

  std::size_t size_;
  std::unique_ptr<std::byte, Free> memory_;
};

constexpr std::uint64_t align_down(std::uint64_t value) { return value / direct_alignment * direct_alignment; }
constexpr std::uint64_t align_up(std::uint64_t value) { return align_down(value + direct_alignment - 1); }

/// From blocks that were read, the part from `skip` on, as much as is there. Returns how many bytes.
inline std::size_t copy_covered(ByteSpan blocks, std::size_t skip, MutableByteSpan into) {
  if (blocks.size() <= skip) return 0;
  std::size_t length = std::min(blocks.size() - skip, into.size());
  std::copy_n(blocks.begin() + static_cast<std::ptrdiff_t>(skip), length, into.begin());
  return length;
}

}  // namespace shoal::io
