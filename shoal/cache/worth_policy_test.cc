#include "shoal/cache/worth_policy.h"

#include <gtest/gtest.h>

#include "shoal/cache/policy_contract.h"

namespace shoal::cache {
namespace {

using testing::CheckedCache;

TEST(WorthPolicyTest, KeepsTheContract) {
  testing::expect_policy_contract<WorthPolicy>([](std::uint64_t capacity) { return capacity; });
}

TEST(WorthPolicyTest, OneLargeEntryGoesBeforeManySmall) {
  CheckedCache<WorthPolicy> cache(100u);
  cache.request(1, 60);
  for (std::uint64_t key = 2; key <= 5; ++key) cache.request(key, 10);
  cache.request(6, 10);
  EXPECT_FALSE(cache.contains(1));
  EXPECT_TRUE(cache.contains(2));
}

TEST(WorthPolicyTest, UseOutweighsSize) {
  CheckedCache<WorthPolicy> cache(100u);
  cache.request(1, 60);
  for (int i = 0; i < 20; ++i) cache.request(1);
  for (std::uint64_t key = 2; key <= 6; ++key) cache.request(key, 10);
  EXPECT_TRUE(cache.contains(1));
  EXPECT_FALSE(cache.contains(2));
}

TEST(WorthPolicyTest, WhatIsNoLongerUsedAgesAway) {
  CheckedCache<WorthPolicy> cache(10u);
  for (int i = 0; i < 100; ++i) cache.request(1);
  for (std::uint64_t key = 1000; key < 3000; ++key) cache.request(key);
  EXPECT_FALSE(cache.contains(1));
}

}  // namespace
}  // namespace shoal::cache
