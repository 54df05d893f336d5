#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "shoal/flash/flash_cache.h"

namespace shoal::flash {

/// Reads one state of a large object of the store below; pieces of which there is a copy, from that. Does not outlive
/// the cache.
class FlashCache::PieceReader final : public BodyReader {
 public:
  PieceReader(FlashCache* cache, ObjectKey key, std::uint64_t size, std::uint64_t state,
              std::shared_ptr<BodyReader> inner)
      : cache_(cache), key_(std::move(key)), size_(size), state_(state), inner_(std::move(inner)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    if (is_piece(offset, length)) {
      auto number = static_cast<std::uint32_t>(offset / cache_->options_.piece_bytes);
      PieceOfObject wanted{state_, number};
      std::optional<Body> piece = co_await cache_->read_piece(key_, wanted);
      if (piece && piece->size() == length) co_return *std::move(piece);
    }
    co_return co_await inner_->read(offset, length);
  }

 private:
  bool is_piece(std::uint64_t offset, std::uint64_t length) const {
    const std::uint64_t piece_bytes = cache_->options_.piece_bytes;
    return offset % piece_bytes == 0 && length == std::min(piece_bytes, size_ - offset);
  }

  FlashCache* cache_;
  ObjectKey key_;
  const std::uint64_t size_;
  const std::uint64_t state_;
  std::shared_ptr<BodyReader> inner_;
};

}  // namespace shoal::flash
