#pragma once

#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#define TBB_PREVIEW_CONCURRENT_LRU_CACHE 1  // NOLINT(cppcoreguidelines-macro-usage): how the header is asked for
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <oneapi/tbb/concurrent_lru_cache.h>

#include "shoal/cache/memory_cache.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/run_task.h"

namespace shoal::bench {

/// The objects of the benchmark: number i has a name and a body that begins with i.
inline std::string name_of(std::uint32_t number) { return "train/" + std::to_string(number) + ".jpg"; }
inline std::string body_of(std::uint32_t number, std::size_t size) {
  std::string body(size, 'x');
  std::memcpy(body.data(), &number, sizeof number);
  return body;
}
inline bool is_body_of(const void* bytes, std::uint32_t number) {
  return std::memcmp(bytes, &number, sizeof number) == 0;
}

/// Keeps nothing of what is put, so that no objects but those of the cache are in memory.
class ForgetfulStore final : public testing::InMemoryStore {
 public:
  Task<Result<ObjectInfoPtr>> put(ObjectKey, ObjectInfo info, Body, WriteCondition) override {
    co_return std::make_shared<const ObjectInfo>(std::move(info));
  }
};

/// Ours: one MemoryCache for each thread, which owns its keys, as in the server.
class ShardedMemoryCache {
 public:
  ShardedMemoryCache(cache::PolicyKind policy, std::size_t threads, std::uint32_t count, std::size_t body_bytes)
      : name(fmt::format("shoal, {}", to_string(policy))) {
    for (std::uint32_t i = 0; i < count; ++i) names_.push_back(name_of(i));
    for (std::size_t i = 0; i < threads; ++i) shards_.push_back(std::make_unique<Shard>(policy));
    for (std::uint32_t i = 0; i < count; ++i) {
      ObjectInfo info;
      info.size = body_bytes;
      info.version = Version(1);
      Shard& shard = *shards_[owner_of(i)];
      boost::asio::io_context loop;
      auto put = testing::run_task(loop, shard.cache.put({"bucket", names_[i]}, std::move(info),
                                                         Body::copy_of(body_of(i, body_bytes)), WriteCondition()));
      CHECK(put.has_value());
    }
  }
  const std::string name;

  /// Which thread asks for an object.
  std::size_t owner_of(std::uint32_t number) const { return number % shards_.size(); }
  bool hit(std::size_t thread, std::uint32_t number) {
    std::optional<Object> object = shards_[thread]->cache.try_get(ObjectKeyView("bucket", names_[number]));
    return object && is_body_of(object->body.contiguous().data(), number);
  }

 private:
  struct Shard {
    ForgetfulStore store;
    MemoryAccount account{"bench"};
    cache::MemoryCache cache;
    // As in the server, whose loops learn together: somebody else has the shadows.
    explicit Shard(cache::PolicyKind policy)
        : cache(store, system_clock(), account, {.capacity = 4ULL << 30, .policy = policy, .is_shard = true}) {
      BucketInfo bucket;
      bucket.name = "bucket";
      boost::asio::io_context loop;
      CHECK(testing::run_task(loop, cache.create_bucket(bucket)).has_value());
    }
  };

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

/// What one writes on a first day: a hash table, a list and a lock around both.
class LockedLru {
 public:
  static constexpr const char* name = "locked LRU";

  LockedLru(std::size_t threads, std::uint32_t count, std::size_t body_bytes) : threads_(threads) {
    for (std::uint32_t i = 0; i < count; ++i) {
      names_.push_back(name_of(i));
      order_.push_front({names_.back(), std::make_shared<const std::string>(body_of(i, body_bytes))});
      table_.emplace(order_.front().name, order_.begin());
    }
  }
  std::size_t owner_of(std::uint32_t number) const { return number % threads_; }
  bool hit(std::size_t, std::uint32_t number) {
    std::shared_ptr<const std::string> body;
    {
      std::lock_guard lock(mutex_);
      auto found = table_.find(names_[number]);
      if (found == table_.end()) return false;
      order_.splice(order_.begin(), order_, found->second);
      body = found->second->body;
    }
    return is_body_of(body->data(), number);
  }

 private:
  struct Item {
    std::string name;
    std::shared_ptr<const std::string> body;
  };
  std::size_t threads_;
  std::vector<std::string> names_;
  std::mutex mutex_;
  std::list<Item> order_;
  std::unordered_map<std::string_view, std::list<Item>::iterator> table_;
};

/// oneTBB's: keeps what is not in use in a list of the given length.
class TbbLru {
 public:
  static constexpr const char* name = "oneTBB concurrent_lru_cache";

  TbbLru(std::size_t threads, std::uint32_t count, std::size_t body_bytes)
      : threads_(threads), cache_(Load{body_bytes}, count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      names_.push_back(name_of(i));
      CHECK(hit(0, i));
    }
  }
  std::size_t owner_of(std::uint32_t number) const { return number % threads_; }
  bool hit(std::size_t, std::uint32_t number) {
    auto handle = cache_[names_[number]];
    return is_body_of(handle.value()->data(), number);
  }

 private:
  struct Load {
    std::size_t body_bytes;
    std::shared_ptr<const std::string> operator()(const std::string& key) const {
      auto number = static_cast<std::uint32_t>(std::stoul(key.substr(key.find('/') + 1)));
      return std::make_shared<const std::string>(body_of(number, body_bytes));
    }
  };
  std::size_t threads_;
  std::vector<std::string> names_;
  tbb::concurrent_lru_cache<std::string, std::shared_ptr<const std::string>, Load> cache_;
};

}  // namespace shoal::bench
