// What others may see of evictions.
#include <set>

#include <gtest/gtest.h>

#include "shoal/cache/memory_cache_test.h"

namespace shoal::cache::testing {
namespace {

class MemoryCachePreviewTest : public MemoryCacheTest {
 protected:
  MemoryCachePreviewTest() : MemoryCacheTest(small()) {}

  static MemoryCacheOptions small() {
    MemoryCacheOptions options;
    options.capacity = 400'000;
    return options;
  }
  void read_some(int begin, int end) {
    for (int i = begin; i < end; ++i) {
      put_below(std::to_string(i), test_text(1'000, static_cast<std::uint64_t>(i)));
      get(std::to_string(i));
    }
  }
  std::set<std::string> preview(std::uint64_t bytes) {
    std::set<std::string> names;
    cache_.preview_evictions(bytes, [&](const EvictionCandidate& candidate) {
      EXPECT_EQ(candidate.body.size(), candidate.info->size);
      names.emplace(candidate.key.name);
      return true;
    });
    return names;
  }
};

TEST_P(MemoryCachePreviewTest, WhatIsEvictedNextIsShownBefore) {
  read_some(0, 500);
  std::set<std::string> shown = preview(options_.capacity / 4);
  EXPECT_LT(shown.size(), 250U);
  std::set<std::string> evicted;
  cache_.tell_evictions([&](const EvictionCandidate& candidate) {
    EXPECT_EQ(candidate.body.to_string(), test_text(1'000, std::stoull(std::string(candidate.key.name))));
    evicted.emplace(candidate.key.name);
  });
  read_some(500, 510);
  cache_.tell_evictions(nullptr);
  EXPECT_FALSE(evicted.empty());
  for (const std::string& name : evicted) EXPECT_TRUE(shown.contains(name) || std::stoi(name) >= 500) << name;
  for (const std::string& name : evicted) EXPECT_FALSE(get_hit(name));
}

TEST_P(MemoryCachePreviewTest, LookingChangesNothing) {
  read_some(0, 300);
  std::set<std::string> once = preview(100'000);
  EXPECT_FALSE(once.empty());
  EXPECT_EQ(preview(100'000), once);
}

TEST_P(MemoryCachePreviewTest, WhatIsWrittenOrOfABucketThatWentIsNotShown) {
  put_below("a", "1");
  put_below("b", "1");
  get("a");
  get("b");
  below_.hold(StoreCall::put, "gate");
  auto writing = start(put_task(cache_, "a", "2"));
  EXPECT_EQ(preview(options_.capacity), std::set<std::string>{"b"});
  open("gate");
  EXPECT_THAT(writing.result(), IsOk());
  cache_.forget_bucket("bucket");
  EXPECT_TRUE(preview(options_.capacity).empty());
}

SHOAL_TEST_WITH_EVERY_POLICY(MemoryCachePreviewTest);

}  // namespace
}  // namespace shoal::cache::testing
