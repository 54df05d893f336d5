#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "shoal/base/wait_list.h"
#include "shoal/listing/list_index.h"
#include "shoal/model/object_store.h"

namespace shoal::listing {

/// Listings of a store, as far as possible from what is known of its names: for who lists the same again and again, as
/// a training job does at the start of each epoch. All of one loop who miss the same at the same time wait for one
/// question. One loop.
class ListCache {
 public:
  struct Stats {
    std::uint64_t hits = 0;    ///< pages without a question
    std::uint64_t misses = 0;  ///< pages of which at least a part was asked for

    void add(const Stats& other) {
      hits += other.hits;
      misses += other.misses;
    }
  };

  /// Both outlive this.
  ListCache(ObjectStore& store, ListIndex& index) : store_(store), index_(index) {}
  ListCache(const ListCache&) = delete;  // calls in flight point here
  ListCache& operator=(const ListCache&) = delete;

  /// As ObjectStore::list() of the store.
  Task<Result<ListPage>> list(ListRequest request);

  const Stats& stats() const { return stats_; }

 private:
  struct Question {
    WaitList waiters;
    std::optional<Error> error;
  };
  using Questions = std::unordered_map<std::string, std::shared_ptr<Question>>;

  static std::string key_of(const ListRequest& request);
  /// Waits for what somebody else is asking: then more may be known.
  static Task<Result<void>> join(std::shared_ptr<Question> question);
  Task<Result<ListPage>> ask(ListRequest request);

  ObjectStore& store_;
  ListIndex& index_;
  Questions questions_;
  Stats stats_;
};

}  // namespace shoal::listing
