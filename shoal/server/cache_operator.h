#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shoal/cache/memory_cache.h"
#include "shoal/io/async_mutex.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"

namespace shoal::server {

/// What an operator does with all that the caches of a node hold of a prefix. Each cache is gone through on its loop,
/// a part at a time, and whoever has requests there gets his turn in between. On one loop.
class CacheOperator {
 public:
  struct Member {
    io::EventLoop* loop;
    cache::MemoryCache* cache;
  };
  /// Each look at a name compares with all.
  static constexpr std::size_t pins_max = 256;

  /// Pins are kept in the file `pins_path` of `disk`, which is of the loop that this is used on.
  CacheOperator(std::vector<Member> members, io::Disk& disk, std::string pins_path)
      : members_(std::move(members)), disk_(disk), pins_path_(std::move(pins_path)) {}
  CacheOperator(const CacheOperator&) = delete;  // coroutines point here
  CacheOperator& operator=(const CacheOperator&) = delete;

  Task<cache::Inventory> survey(cache::ObjectPrefix prefix);
  Task<cache::Inventory> evict(cache::ObjectPrefix prefix);

  /// What was pinned before the restart. Before the first request. A file that cannot be read is logged and left alone.
  Task<void> load_pins();
  /// In order.
  const std::vector<cache::ObjectPrefix>& pins() const { return pins_.all(); }
  /// What is in memory below the prefix, and what comes, stays until it changes, as far as half of the cache goes.
  /// Survives restarts. invalid_argument beyond pins_max; errors of the disk.
  Task<Result<void>> pin(cache::ObjectPrefix prefix);
  /// Takes that back; no_such_key if it was not pinned in just this way.
  Task<Result<void>> unpin(cache::ObjectPrefix prefix);

 private:
  using Visit = std::function<void(cache::MemoryCache& cache, std::size_t part)>;

  /// `visit` is called on the loops of the caches, one at a time.
  Task<void> for_each_part(Visit visit);
  Task<Result<void>> replace_pins(cache::PinnedPrefixes pins);
  Task<void> tell_caches(cache::PinnedPrefixes pins);

  std::vector<Member> members_;
  io::Disk& disk_;
  const std::string pins_path_;
  io::AsyncMutex changing_;
  cache::PinnedPrefixes pins_;
};

}  // namespace shoal::server
