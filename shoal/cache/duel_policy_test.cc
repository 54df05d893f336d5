#include "shoal/cache/duel_policy.h"

#include <memory>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/cache/policy_contract.h"

namespace shoal::cache {
namespace {

using testing::CheckedCache;
using testing::mix;

DuelPolicy::Options capacity_of(std::uint64_t capacity) { return {.capacity = capacity}; }

/// Counts hits over keys, with nodes for all of them.
class Player {
 public:
  Player(std::uint64_t capacity, std::uint64_t keys) : policy_(capacity_of(capacity)), nodes_(keys) {
    for (std::uint64_t key = 0; key < keys; ++key) nodes_[key].hash = mix(key + 1);
  }
  bool request(std::uint64_t key) {
    if (nodes_[key].resident()) {
      policy_.on_hit(nodes_[key]);
      return true;
    }
    policy_.admit(nodes_[key], [](PolicyNode&) {});
    return false;
  }
  DuelPolicy& policy() { return policy_; }

 private:
  DuelPolicy policy_;
  std::vector<PolicyNode> nodes_;
};

TEST(DuelPolicyTest, KeepsTheContract) {
  testing::expect_policy_contract<DuelPolicy>(capacity_of);
  testing::expect_policy_contract<DuelPolicy>([](std::uint64_t capacity) {
    return DuelPolicy::Options{.capacity = capacity, .shadow_entries_max = 4};  // sampling all the time
  });
}

TEST(DuelPolicyTest, AShardWithRoomLearnsTheFirstHitsOfWhatItHoldsAndAllThatComesIn) {
  constexpr std::uint64_t capacity = 100;
  DuelPolicy shard({.capacity = capacity, .is_shard = true});
  std::vector<PolicyNode> nodes(capacity);
  std::uint64_t held = 0;
  auto learnt_of = [&](std::uint64_t new_keys, std::uint64_t hits) {
    for (std::uint64_t i = 0; i < new_keys; ++i, ++held) {
      nodes[held].hash = mix(held + 1);
      shard.admit(nodes[held], [](PolicyNode&) {});
    }
    for (std::uint64_t i = 0; i < hits; ++i) shard.on_hit(nodes[i % held]);
    return shard.take_samples().size();
  };
  EXPECT_EQ(learnt_of(10, 150), 160U);
  EXPECT_EQ(learnt_of(0, 1'000), 10U) << "16 hits for each";
  EXPECT_EQ(learnt_of(0, 1'000), 0U);
  EXPECT_EQ(learnt_of(39, 0), 39U);
  EXPECT_EQ(learnt_of(0, 1'000), 39U * 16);
  EXPECT_EQ(learnt_of(1, 1'000), 1'001U) << "half is full";
}

TEST(DuelPolicyTest, ShuffledEpochsHitWhatAStaticCacheHits) {
  constexpr std::uint64_t keys = 2000;
  Player player(keys / 2, keys);
  Random random(5);
  std::vector<std::uint64_t> order(keys);
  std::iota(order.begin(), order.end(), 0);
  std::uint64_t hits = 0;
  for (int epoch = 0; epoch < 12; ++epoch) {
    for (std::uint64_t i = keys; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
    for (std::uint64_t key : order) hits += player.request(key) && epoch >= 2 ? 1 : 0;
  }
  EXPECT_GE(static_cast<double>(hits), 0.95 * 10 * keys / 2);
  EXPECT_EQ(player.policy().style(), Style::hold);
}

TEST(DuelPolicyTest, SecondEpochFindsWhatCameFirst) {
  constexpr std::uint64_t keys = 2000;
  constexpr std::uint64_t capacity = keys / 10;
  Player player(capacity, keys);
  for (std::uint64_t key = 0; key < keys; ++key) player.request(key);
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < keys; ++i) hits += player.request(i * 7 % keys) ? 1 : 0;
  EXPECT_GE(hits, capacity * 8 / 10);
}

TEST(DuelPolicyTest, WhatCameFirstLeavesWhenFollowingPays) {
  constexpr std::uint64_t capacity = 100;
  CheckedCache<DuelPolicy> cache(capacity_of(capacity));
  for (std::uint64_t key = 0; key < 3 * capacity; ++key) cache.request(key);
  EXPECT_TRUE(cache.contains(0));
  std::uint64_t hits = 0;
  for (std::uint64_t i = 1000; i < 2000; ++i) {  // each key again thirty keys later, then never
    cache.request(i);
    hits += cache.request(i - 30) ? 1 : 0;
  }
  EXPECT_GE(hits, 800u);
  for (std::uint64_t key = 0; key < 3 * capacity; ++key) EXPECT_FALSE(cache.contains(key)) << key;
}

TEST(DuelPolicyTest, ALoopThatDoesNotFitIsKeptInPart) {
  Player player(100, 300);
  std::uint64_t hits = 0;
  for (int round = 0; round < 30; ++round)
    for (std::uint64_t key = 0; key < 300; ++key) hits += player.request(key) && round >= 5 ? 1 : 0;
  EXPECT_GE(hits, 25u * 90);
}

TEST(DuelPolicyTest, ComesBackWhenTheWorkloadTurnsToRecency) {
  Player player(100, 100'000);
  for (int round = 0; round < 20; ++round)
    for (std::uint64_t key = 0; key < 300; ++key) player.request(key);
  ASSERT_GE(player.policy().style(), Style::contest);
  std::uint64_t hits = 0;
  for (std::uint64_t i = 1000; i < 100'000; ++i) {  // each key again thirty keys later, then never
    player.request(i);
    hits += player.request(i - 30) ? 1 : 0;
  }
  EXPECT_LT(player.policy().style(), Style::contest);
  EXPECT_GE(hits, 99'000u * 9 / 10);
}

TEST(DuelPolicyTest, ShadowsStaySmallWhileTheCacheGrows) {
  Player player(200'000, 400'000);
  for (std::uint64_t key = 0; key < 400'000; ++key) player.request(key);
  PolicyStats stats = player.policy().stats();
  std::uint64_t ghosts = stats.lists[2].count + stats.lists[3].count;
  EXPECT_LE(stats.memory_bytes, ghosts * 64 + style_count * 4096 * 200u);
}

TEST(DuelPolicyTest, ARestoredOrderIsTheSavedOne) {
  CheckedCache<DuelPolicy> before(capacity_of(50));
  for (std::uint64_t i = 0; i < 5000; ++i) before.request(mix(i) % (i % 3 == 0 ? 40 : 200));
  PolicySnapshot snapshot = decode_policy_snapshot(encode(before.policy().snapshot())).value();

  DuelPolicy after(capacity_of(50));
  std::vector<std::unique_ptr<PolicyNode>> nodes;
  after.restore(snapshot, [&](const PolicySnapshot::Entry&) {
    nodes.push_back(std::make_unique<PolicyNode>());
    return nodes.back().get();
  });
  EXPECT_EQ(after.snapshot(), snapshot);
}

}  // namespace
}  // namespace shoal::cache
