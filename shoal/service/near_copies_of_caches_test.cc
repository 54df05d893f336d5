// What several loops see of the same objects, with real caches and threads.
#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "shoal/cache/memory_cache.h"
#include "shoal/io/run_blocking.h"
#include "shoal/io/timers.h"
#include "shoal/service/core_router.h"
#include "shoal/testing/in_memory_store.h"

namespace shoal::service {
namespace {

/// One loop with all that is on it.
struct LoopParts {
  std::unique_ptr<testing::InMemoryStore> store;
  std::unique_ptr<MemoryAccount> account;
  std::unique_ptr<cache::MemoryCache> cache;
  std::unique_ptr<io::LoopTimers> timers;
  std::unique_ptr<NearCopies> near;
  std::unique_ptr<CoreRouter> router;
};

class NearCopiesOfCachesTest : public ::testing::Test {
 protected:
  static constexpr std::size_t loops = 3;
  static constexpr std::size_t keys = 8;
  static std::size_t owner_by_remainder(Slot slot) { return slot.value() % loops; }

  NearCopiesOfCachesTest() {
    group_.start();
    std::vector<CoreRouter::Core> tops;
    std::vector<NearCopies::Owner> owners;
    for (std::size_t i = 0; i < loops; ++i) {
      LoopParts& loop = loops_[i];
      loop.store = std::make_unique<testing::InMemoryStore>();
      loop.account = std::make_unique<MemoryAccount>("cache");
      loop.cache =
          std::make_unique<cache::MemoryCache>(*loop.store, system_clock(), *loop.account, cache::MemoryCacheOptions());
      loop.timers = std::make_unique<io::LoopTimers>(group_[i]);
      tops.push_back({.loop = &group_[i], .store = loop.cache.get()});
      owners.push_back({&group_[i], loop.cache.get()});
      BucketInfo bucket;
      bucket.name = "bucket";
      EXPECT_TRUE(io::run_blocking(group_[i], loop.cache->create_bucket(std::move(bucket))).has_value());
    }
    for (std::size_t i = 0; i < loops; ++i) {
      LoopParts& loop = loops_[i];
      NearCopies::Options options{.count_max = 64, .owner_bytes_max = [] { return 1 << 20; }};
      loop.near = std::make_unique<NearCopies>(owners, *loop.timers, near_, std::move(options));
      loop.router = std::make_unique<CoreRouter>(tops, i, owner_by_remainder, loop.near.get());
      io::spawn(group_[i], loop.near->watch());
    }
  }
  ~NearCopiesOfCachesTest() override {
    for (std::size_t i = 0; i < loops; ++i) io::run_blocking(group_[i], loops_[i].near->stop());
    for (std::size_t i = 0; i < loops; ++i) io::run_blocking(group_[i], loops_[i].cache->close());
    group_.stop();
    for (LoopParts& loop : loops_) {
      loop.cache.reset();
      EXPECT_EQ(loop.account->bytes(), 0U) << "somebody still holds what the cache had";
    }
  }

  static ObjectKey key(std::size_t number) { return {"bucket", "name-" + std::to_string(number)}; }
  std::size_t owner(std::size_t number) const { return owner_by_remainder(ObjectKeyView(key(number)).slot()); }

  Task<void> put(std::size_t loop, std::size_t number, std::string text) {
    ObjectInfo info;
    info.size = text.size();
    auto stored = co_await loops_[loop].router->put(key(number), std::move(info), Body::copy_of(text), {});
    EXPECT_TRUE(stored.has_value());
  }
  /// As a request does: at once if possible, with a message, or the whole way.
  Task<std::string> get(std::size_t loop, std::size_t number) {
    CoreRouter& router = *loops_[loop].router;
    ObjectKey name = key(number);
    std::optional<Object> object = look_at_once(router, name, Wanted::body);
    if (object && router.is_distant(name)) answered_near_.fetch_add(1, std::memory_order_relaxed);
    if (!object && router.is_distant(name)) object = co_await router.look(name, Wanted::body);
    if (!object) {
      auto read = co_await router.get(name);
      EXPECT_TRUE(read.has_value());
      object = *std::move(read);
    }
    EXPECT_TRUE(object.has_value());
    co_return object ? object->body.to_string() : std::string("0");
  }
  /// Gives what else the loop has to do its turn.
  Task<void> let_others_run(std::size_t loop) {
    co_await boost::asio::post(group_[loop].executor(), boost::asio::deferred);
  }
  std::string get_now(std::size_t loop, std::size_t number) {
    return io::run_blocking(group_[loop], get(loop, number));
  }

  io::EventLoopGroup group_{{.loops = loops}};
  MemoryAccount near_{"near_copies"};
  std::array<LoopParts, loops> loops_;
  std::atomic<std::uint64_t> answered_near_{0};
};

TEST_F(NearCopiesOfCachesTest, WhatIsAskedForAgainIsAnsweredWithoutTheOwnerUntilItIsWritten) {
  std::size_t reader = (owner(0) + 1) % loops;
  io::run_blocking(group_[reader], put(reader, 0, "1"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(get_now(reader, 0), "1");
  EXPECT_EQ(answered_near_, 0U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get_now(reader, 0), "1");
  EXPECT_EQ(answered_near_, 5U);

  std::size_t writer = (owner(0) + 2) % loops;
  io::run_blocking(group_[writer], put(writer, 0, "2"));
  EXPECT_EQ(get_now(reader, 0), "2");
  EXPECT_EQ(answered_near_, 5U);
}

// Each key has one writer, who writes numbers that grow. Nobody who begins to read when a number was acknowledged may
// see an older one.
TEST_F(NearCopiesOfCachesTest, NobodySeesLessThanWasAcknowledged) {
  constexpr int writes = 150;
  constexpr int turns_max = 1'000;
  std::array<std::atomic<int>, keys> acknowledged{};
  for (std::size_t i = 0; i < keys; ++i) io::run_blocking(group_[0], put(0, i, "0"));
  std::atomic<std::size_t> writing = keys;

  auto write = [&](std::size_t number) -> Task<void> {
    for (int i = 1; i <= writes; ++i) {
      co_await put(number % loops, number, std::to_string(i));
      acknowledged[number].store(i, std::memory_order_release);
      // Not before others had the time to be lent it, and have answered from that.
      std::uint64_t answered = answered_near_;
      for (int turn = 0; turn < turns_max && answered_near_ < answered + 10; ++turn) {
        co_await let_others_run(number % loops);
      }
    }
    writing.fetch_sub(1);
  };
  std::atomic<int> wrong = 0;
  auto read = [&](std::size_t loop, unsigned seed) -> Task<void> {
    std::minstd_rand random(seed);
    while (writing.load() > 0) {
      std::size_t number = random() % keys;
      int least = acknowledged[number].load(std::memory_order_acquire);
      std::string text = co_await get(loop, number);
      if (std::stoi(text) < least) ++wrong;
      if (random() % 16 == 0) co_await let_others_run(loop);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < keys; ++i) {
    threads.emplace_back([&, i] { io::run_blocking(group_[i % loops], write(i)); });
  }
  for (unsigned i = 0; i < 2 * loops; ++i) {
    threads.emplace_back([&, i] { io::run_blocking(group_[i % loops], read(i % loops, i + 1)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(answered_near_, 1'000U);
}

}  // namespace
}  // namespace shoal::service
