#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "shoal/cache/memory_cache.h"

namespace shoal::cache {

/// One question to the store below about what an object is like, from before it is put until it is answered or who
/// asked gave up. What is there is not kept, since its body did not come with it. That nothing is there is, unless
/// somebody else saw or wrote something meanwhile.
class MemoryCache::Glance {
 public:
  Glance(MemoryCache* cache, ObjectKey key)
      : cache_(cache), key_(std::move(key)), flight_(cache->in_flight_.begin_unshared_read(key_)) {}
  ~Glance() { end(false); }
  Glance(const Glance&) = delete;  // one question
  Glance& operator=(const Glance&) = delete;

  /// The answer is known; once.
  void end(bool found_none) {
    if (flight_ == nullptr) return;
    std::shared_ptr<Flight> flight = std::move(flight_);
    const ObjectKeyView view(key_);
    // Nobody may see anything older from here on.
    cache_->changes_.change(view.hash);
    bool cacheable = cache_->in_flight_.end_read(key_, flight);
    const Entry* entry = cache_->contents_.find(view);
    bool is_known_otherwise = entry != nullptr && !entry->is_missing_key();
    if (found_none && cacheable && !is_known_otherwise) cache_->land(key_, *flight, std::nullopt, cacheable);
    if (cache_->in_flight_.reads_running() == 0) cache_->landed_.wake_all();
  }

 private:
  MemoryCache* cache_;
  ObjectKey key_;
  std::shared_ptr<Flight> flight_;  // none: ended
};

}  // namespace shoal::cache
