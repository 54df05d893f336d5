#pragma once

#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "shoal/cache/memory_cache.h"
#include "shoal/testing/faulty_store.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::cache::testing {

using shoal::testing::FaultyStore;
using shoal::testing::HasError;
using shoal::testing::IsOk;
using shoal::testing::IsOkAnd;
using shoal::testing::start_task;
using shoal::testing::StoreCall;
using shoal::testing::test_etag;
using shoal::testing::test_text;

/// A cache over a store in memory whose calls can fail or wait, on a clock that stands still. Every test runs with
/// every policy of the server.
class MemoryCacheTest : public ::testing::TestWithParam<PolicyKind> {
 protected:
  explicit MemoryCacheTest(MemoryCacheOptions options = {}) : options_(with_policy(std::move(options))) {
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(run(cache_.create_bucket(bucket)), IsOk());
  }
  ~MemoryCacheTest() override {
    const CacheStats& stats = cache_.stats();
    EXPECT_EQ(stats.requests, stats.hits + stats.all_misses() + stats.bypasses);
  }

  template <typename T>
  T run(Task<T> task) {
    return shoal::testing::run_task(loop_, std::move(task));
  }
  template <typename T>
  shoal::testing::Running<T> start(Task<T> task) {
    auto running = start_task(loop_, std::move(task));
    go_on();
    return running;
  }
  void go_on() { shoal::testing::run_until_idle(loop_); }
  void open(const std::string& gate) {
    below_.open(gate);
    go_on();
  }

  static MemoryCacheOptions with_policy(MemoryCacheOptions options) {
    options.policy = GetParam();
    return options;
  }
  static ObjectKey key(const std::string& name) { return {"bucket", name}; }
  Task<Result<ObjectInfoPtr>> put_task(ObjectStore& store, const std::string& name, const std::string& text,
                                       WriteCondition condition = {}) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    return store.put(key(name), std::move(info), Body::copy_of(text), std::move(condition));
  }
  Result<ObjectInfoPtr> put(const std::string& name, const std::string& text, WriteCondition condition = {}) {
    return run(put_task(cache_, name, text, std::move(condition)));
  }
  /// Past the cache, which then holds nothing.
  void put_below(const std::string& name, const std::string& text) {
    EXPECT_THAT(run(put_task(store_, name, text)), IsOk());
  }
  static std::optional<std::string> text_of(const Result<std::optional<Object>>& object) {
    EXPECT_THAT(object, IsOk());
    if (!object || !*object) return std::nullopt;
    return (*object)->body.to_string();
  }
  std::optional<std::string> get(const std::string& name) { return text_of(run(cache_.get(key(name)))); }
  std::optional<std::string> get_hit(const std::string& name) {
    std::optional<Object> object = cache_.try_get(key(name));
    return object ? std::optional(object->body.to_string()) : std::nullopt;
  }
  std::uint64_t reads_below() const { return below_.calls(StoreCall::get); }
  std::uint64_t missed(MissReason reason) const { return cache_.stats().missed(reason); }

  const MemoryCacheOptions options_;
  boost::asio::io_context loop_;
  ManualClock clock_;
  MemoryAccount account_{"cache"};
  shoal::testing::InMemoryStore store_;
  FaultyStore below_{store_};
  MemoryCache cache_{below_, clock_, account_, options_};
};

inline constexpr PolicyKind all_policies[] = {PolicyKind::duel, PolicyKind::arc, PolicyKind::worth};

}  // namespace shoal::cache::testing

/// After the tests of a fixture: runs them with every policy.
#define SHOAL_TEST_WITH_EVERY_POLICY(fixture)                                                     \
  INSTANTIATE_TEST_SUITE_P(, fixture, ::testing::ValuesIn(::shoal::cache::testing::all_policies), \
                           [](const auto& policy) { return std::string(::shoal::cache::to_string(policy.param)); })
