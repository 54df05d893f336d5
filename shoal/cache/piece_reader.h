#pragma once

#include <algorithm>
#include <utility>

#include "shoal/cache/memory_cache.h"

namespace shoal::cache {

/// Reads a large object through the cache, piece by piece. A piece belongs to one version of the object, so nothing
/// ever makes it wrong: pieces of old versions are evicted like everything that is not asked for.
template <CachePolicy Policy>
class MemoryCache<Policy>::PieceReader final : public BodyReader {
 public:
  PieceReader(MemoryCache* cache, ObjectKey key, ObjectInfoPtr info, std::shared_ptr<BodyReader> inner)
      : cache_(cache), key_(std::move(key)), info_(std::move(info)), inner_(std::move(inner)) {}

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
    const std::uint64_t piece_bytes = cache_->options_.piece_bytes;
    Body bytes;
    while (length > 0) {
      auto number = static_cast<std::uint32_t>(offset / piece_bytes);
      std::uint64_t inside = offset % piece_bytes;
      std::uint64_t taken = std::min(length, piece_bytes - inside);
      CO_TRY_ASSIGN(Body piece, co_await read_piece(number));
      bytes.append(piece.sub_body(inside, taken));
      offset += taken;
      length -= taken;
    }
    co_return bytes;
  }

 private:
  EntryKey entry_key(std::uint32_t number) const { return {ObjectKeyView(key_), info_->version, number}; }

  Task<Result<Body>> read_piece(std::uint32_t number) {
    CacheContents<Policy>& contents = cache_->contents_;
    if (Entry* entry = contents.find(entry_key(number))) {
      ++cache_->stats_.piece_hits;
      co_return contents.use(*entry);
    }
    ++cache_->stats_.piece_misses;
    std::uint64_t begin = number * cache_->options_.piece_bytes;
    std::uint64_t size = std::min(cache_->options_.piece_bytes, info_->size - begin);
    CO_TRY_ASSIGN(Body piece, co_await inner_->read(begin, size));
    if (contents.find(entry_key(number)) != nullptr) co_return piece;  // another reader was faster
    if (auto installed = contents.install(entry_key(number), nullptr, piece); installed.entry != nullptr) {
      piece = contents.body_of(*installed.entry);
    }
    co_return piece;
  }

  MemoryCache* cache_;
  ObjectKey key_;
  ObjectInfoPtr info_;
  std::shared_ptr<BodyReader> inner_;
};

}  // namespace shoal::cache
