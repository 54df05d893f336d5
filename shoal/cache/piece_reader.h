#pragma once

#include <algorithm>
#include <utility>

#include "shoal/cache/memory_cache.h"
#include "shoal/model/object_state.h"

namespace shoal::cache {

/// Reads a large object through the cache, piece by piece. A piece belongs to one version of the object, so nothing
/// ever makes it wrong; when another version takes its place the pieces go, and readers of the old one cache no more.
class MemoryCache::PieceReader final : public BodyReader {
 public:
  /// `read` is null when nothing of it is to be cached.
  PieceReader(MemoryCache* cache, ObjectKey key, ObjectInfoPtr info, std::shared_ptr<BodyReader> inner,
              std::shared_ptr<const LargeRead> read)
      : cache_(cache),
        key_(std::move(key)),
        info_(std::move(info)),
        state_(state_of(*info_)),
        inner_(std::move(inner)),
        read_(std::move(read)) {}

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
    CacheContents& contents = cache_->contents_;
    if (Entry* entry = contents.find(entry_key(number)); entry != nullptr && !entry->awaited) {
      ++cache_->stats_.piece_hits;
      co_return contents.use(*entry);
    }
    ++cache_->stats_.piece_misses;
    std::uint64_t begin = number * cache_->options_.piece_bytes;
    std::uint64_t size = std::min(cache_->options_.piece_bytes, info_->size - begin);
    CO_TRY_ASSIGN(Body piece, co_await inner_->read(begin, size));
    Entry* present = contents.find(entry_key(number));
    bool faster = present != nullptr && !present->awaited;  // another reader was
    if (faster || read_ == nullptr || read_->superseded || !contents.make_way_for_piece(entry_key(number))) {
      co_return piece;
    }
    if (auto installed = cache_->install(entry_key(number), nullptr, piece); installed.entry != nullptr) {
      static_cast<PieceEntry*>(installed.entry)->state = state_;
      piece = contents.body_of(*installed.entry);
    }
    co_return piece;
  }

  MemoryCache* cache_;
  ObjectKey key_;
  ObjectInfoPtr info_;
  const std::uint64_t state_;
  std::shared_ptr<BodyReader> inner_;
  std::shared_ptr<const LargeRead> read_;
};

}  // namespace shoal::cache
