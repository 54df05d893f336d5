#include "shoal/cache/worth_policy.h"

#include <gtest/gtest.h>

#include "shoal/cache/arc_policy.h"
#include "shoal/cache/policy_contract.h"

namespace shoal::cache {
namespace {

using testing::CheckedCache;

WorthPolicy::Options capacity_of(std::uint64_t capacity) { return {.capacity = capacity}; }

TEST(WorthPolicyTest, KeepsTheContract) { testing::expect_policy_contract<WorthPolicy>(capacity_of); }

TEST(WorthPolicyTest, OneLargeEntryGoesBeforeManySmall) {
  CheckedCache<WorthPolicy> cache(capacity_of(100));
  cache.request(1, 60);
  for (std::uint64_t key = 2; key <= 5; ++key) cache.request(key, 10);
  cache.request(6, 10);
  EXPECT_FALSE(cache.contains(1));
  EXPECT_TRUE(cache.contains(2));
}

TEST(WorthPolicyTest, UseOutweighsSize) {
  CheckedCache<WorthPolicy> cache(capacity_of(100));
  cache.request(1, 60);
  for (int i = 0; i < 20; ++i) cache.request(1);
  for (std::uint64_t key = 2; key <= 6; ++key) cache.request(key, 10);
  EXPECT_TRUE(cache.contains(1));
  EXPECT_FALSE(cache.contains(2));
}

TEST(WorthPolicyTest, WhatIsNoLongerUsedAgesAway) {
  CheckedCache<WorthPolicy> cache(capacity_of(10));
  for (int i = 0; i < 100; ++i) cache.request(1);
  for (std::uint64_t key = 1000; key < 3000; ++key) cache.request(key);
  EXPECT_FALSE(cache.contains(1));
}

TEST(WorthPolicyTest, AHitBeyondWhatCanBeCountedStillKeepsAnEntry) {
  CheckedCache<WorthPolicy> cache(capacity_of(10));
  for (int i = 0; i < 100'000; ++i) cache.policy().on_hit((i == 0 ? cache.request(1) : true, cache.node(1)));
  for (std::uint64_t key = 1000; key < 200'000; ++key) {
    cache.request(key);
    if (key % 10 == 0) cache.request(1);
  }
  EXPECT_TRUE(cache.contains(1));
}

TEST(WorthPolicyTest, TakesOverTheOrderOfAnotherPolicy) {
  CheckedCache<ArcPolicy> before(ArcPolicy::Options{.capacity = 4});
  for (std::uint64_t key : {1, 2, 3, 4, 1}) before.request(key);
  WorthPolicy after(capacity_of(3));
  std::vector<std::unique_ptr<PolicyNode>> nodes;
  after.restore(before.policy().snapshot(),
                [&](const PolicySnapshot::Entry&) { return nodes.emplace_back(std::make_unique<PolicyNode>()).get(); });
  EXPECT_EQ(after.count(), 3u);
  EXPECT_EQ(nodes.front()->hash, testing::mix(1)) << "the hottest first";
}

}  // namespace
}  // namespace shoal::cache
