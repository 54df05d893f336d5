#pragma once

#include <utility>

#include "shoal/cache/memory_cache.h"

namespace shoal::cache {

/// One write of one key below the cache, from before it begins until its effect is known.
///
///   made ──────────> the cached version is revoked: kept, but not served
///   finish_*()  ───> success: the new version takes its place (or nothing, if its body is not at hand)
///                    error without effect: the old version is served again
///                    error with unknown effect: nothing is cached
///   destroyed before that (the writer gave up): as unknown effect
///
/// In all cases but that of no effect, the pieces of the version before go.
///
/// When another write of the key overlaps, nobody here knows which came last: nothing is cached, whatever they say.
class MemoryCache::WriteGuard {
 public:
  WriteGuard(MemoryCache* cache, ObjectKey key)
      : cache_(cache), key_(std::move(key)), view_(key_), token_(cache->in_flight_.begin_write(key_)) {
    count_change();
    if (Entry* entry = find()) entry->revoked = true;
  }
  ~WriteGuard() {
    if (finished_) return;
    end();
    drop();
    mark_unsettled();
  }
  WriteGuard(const WriteGuard&) = delete;  // one write
  WriteGuard& operator=(const WriteGuard&) = delete;

  /// `body` is what was written, if it is at hand.
  void finish_write(const Result<ObjectInfoPtr>& stored, const Body* body) {
    bool alone = end();
    if (!stored) return finish_failed(stored.error().code, alone);
    bool cached =
        alone && body != nullptr && (*stored)->size <= cache_->options_.object_bytes_max && is_newer(**stored);
    if (!cached) return drop();
    cache_->supersede_pieces(view_);
    Entry* entry = cache_->install(view_, *stored, *body).entry;
    if (entry != nullptr && doubted_) entry->doubted = 1;
  }

  void finish_remove(const Result<bool>& removed) {
    bool alone = end();
    if (!removed) return finish_failed(removed.error().code, alone);
    drop();
    cache_->contents_.forget(view_);
  }

  void finish_update(const Result<ObjectInfoPtr>& updated) {
    bool alone = end();
    if (!updated) return finish_failed(updated.error().code, alone);
    Entry* entry = find();
    if (!alone || entry == nullptr || !entry->info || !is_newer(**updated)) return drop();
    cache_->supersede_pieces(view_);
    if (cache_->contents_.replace_info(*entry, *updated) && doubted_) entry->doubted = 1;
  }

 private:
  static bool is_without_effect(ErrorCode code) {
    switch (code) {
      case ErrorCode::precondition_failed:
      case ErrorCode::no_such_upload:
      case ErrorCode::invalid_part:
      case ErrorCode::invalid_argument:
      case ErrorCode::too_large:
      case ErrorCode::incomplete_body:
      case ErrorCode::bad_digest:
      case ErrorCode::overloaded:
      case ErrorCode::disk_full:
        return true;
      default:  // the unknown, and those that say that the cached version should not be there
        return false;
    }
  }

  static bool is_unknown(ErrorCode code) {
    return code == ErrorCode::io_error || code == ErrorCode::closed || code == ErrorCode::timed_out ||
           code == ErrorCode::cancelled || code == ErrorCode::internal;
  }

  void count_change() { cache_->changes_.change(view_.hash); }
  void mark_unsettled() { cache_->unsettled_.add(view_.hash, cache_->clock_.monotonic()); }
  Entry* find() { return cache_->contents_.find(view_); }
  bool end() {
    finished_ = true;
    cache_->tell_listed(key_);
    count_change();
    auto [alone, doubted] = cache_->in_flight_.end_write(key_, token_);
    doubted_ = doubted;
    return alone;
  }
  void drop() {
    cache_->supersede_pieces(view_);
    if (Entry* entry = find()) cache_->contents_.erase(*entry);
  }
  bool is_newer(const ObjectInfo& info) {
    Entry* entry = find();
    return entry == nullptr || !entry->info || entry->info->version < info.version;
  }
  void finish_failed(ErrorCode code, bool alone) {
    if (is_unknown(code)) mark_unsettled();
    if (!alone || !is_without_effect(code)) return drop();
    if (Entry* entry = find()) entry->revoked = false;
  }

  MemoryCache* cache_;
  ObjectKey key_;
  const ObjectKeyView view_;  // of it, with its hash
  SingleFlight::WriteToken token_;
  bool finished_ = false;
  bool doubted_ = false;  // somebody said meanwhile that the key has changed: perhaps by this write, perhaps not
};

/// Writes through, and remembers small bodies, to have them in memory once they are committed.
class MemoryCache::Writer final : public ObjectWriter {
 public:
  Writer(MemoryCache* cache, ObjectKey key, std::unique_ptr<ObjectWriter> inner)
      : cache_(cache), key_(std::move(key)), inner_(std::move(inner)) {}

  Task<Result<void>> write(Body piece) override {
    if (written_ && written_->size() + piece.size() <= cache_->options_.object_bytes_max) {
      written_->append(piece);
    } else {
      written_.reset();
    }
    return inner_->write(std::move(piece));
  }

  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    WriteGuard guard(cache_, key_);
    Result<ObjectInfoPtr> stored = co_await inner_->commit(std::move(info), std::move(condition));
    guard.finish_write(stored, written_ ? &*written_ : nullptr);
    written_.reset();
    co_return stored;
  }

 private:
  MemoryCache* cache_;
  ObjectKey key_;
  std::unique_ptr<ObjectWriter> inner_;
  std::optional<Body> written_ = Body();
};

}  // namespace shoal::cache
