#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal {

/// Texts that are freed together: many small ones cost no allocation each. What it hands out stays where it is for as
/// long as the pool lives, also when that moves. For one thread at a time.
class TextPool {
 public:
  TextPool() = default;
  TextPool(TextPool&& other) noexcept { swap(other); }
  TextPool& operator=(TextPool&& other) noexcept {
    swap(other);
    return *this;
  }

  /// A copy of the text.
  std::string_view add(std::string_view text) {
    std::span<char> copy = room(text.size());
    text.copy(copy.data(), copy.size());
    return {copy.data(), copy.size()};
  }
  /// Room for a text that the caller writes.
  std::span<char> room(std::size_t bytes) {
    if (bytes > free_.size()) add_block(bytes);
    std::span<char> taken = free_.first(bytes);
    free_ = free_.subspan(bytes);
    return taken;
  }
  /// Takes over what `other` has, so that it lives as long as this.
  void absorb(TextPool other);

 private:
  void add_block(std::size_t bytes_min);
  void swap(TextPool& other) noexcept {
    std::swap(blocks_, other.blocks_);
    std::swap(free_, other.free_);
    std::swap(block_bytes_, other.block_bytes_);
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::span<char> free_;  ///< of the newest block
  std::size_t block_bytes_ = 0;
};

}  // namespace shoal
