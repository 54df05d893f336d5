#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "shoal/base/accounted_bytes.h"
#include "shoal/base/clock.h"
#include "shoal/cache/list_epochs.h"
#include "shoal/model/object_store.h"

namespace shoal::cache {

/// Pages of listings in memory, for who lists the same again and again, as a training job does at the start of each
/// epoch. A page is given again while it is not older than its lifetime and nothing has advanced its bucket's epoch
/// since it was asked for; of too many, those that were not used for longest go. One loop.
class ListCache {
 public:
  struct Options {
    std::chrono::milliseconds lifetime{0};
    std::uint64_t bytes_max = 0;
  };
  struct Stats {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;

    void add(const Stats& other) {
      hits += other.hits;
      misses += other.misses;
    }
  };

  /// All outlive this; `account` is charged with the pages.
  ListCache(ObjectStore& store, const Clock& clock, const ListEpochs& epochs, MemoryAccount& account, Options options)
      : store_(store), clock_(clock), epochs_(epochs), account_(account), options_(options) {}
  ListCache(const ListCache&) = delete;  // calls in flight point here
  ListCache& operator=(const ListCache&) = delete;

  /// As ObjectStore::list() of the store.
  Task<Result<ListPage>> list(ListRequest request);

  const Stats& stats() const { return stats_; }

 private:
  struct Page {
    std::string key;
    ListPage content;
    std::uint64_t epoch;
    MonotonicTime until;
    AccountedBytes bytes;
  };
  using Pages = std::list<Page>;

  static std::string key_of(const ListRequest& request);
  /// null if there is none that may be given.
  const ListPage* find(const std::string& key, std::string_view bucket);
  void keep(std::string key, const ListPage& page, std::uint64_t epoch, MonotonicTime asked);
  void drop(Pages::iterator page);

  ObjectStore& store_;
  const Clock& clock_;
  const ListEpochs& epochs_;
  MemoryAccount& account_;
  const Options options_;
  Pages pages_;  // used last first
  std::unordered_map<std::string, Pages::iterator> by_key_;
  std::uint64_t bytes_ = 0;
  Stats stats_;
};

}  // namespace shoal::cache
