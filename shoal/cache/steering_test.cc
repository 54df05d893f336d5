#include "shoal/cache/steering.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/cache/duel_policy.h"
#include "shoal/cache/policy_contract.h"

namespace shoal::cache {
namespace {

using testing::mix;

// --- workloads

/// Each key once in each epoch, in another order each time.
class Epochs {
 public:
  explicit Epochs(std::uint64_t keys) : order_(keys), next_(keys) { std::iota(order_.begin(), order_.end(), 0); }
  std::uint64_t operator()() {
    if (next_ == order_.size()) {
      for (std::uint64_t i = order_.size(); i-- > 1;) std::swap(order_[i], order_[random_.below(i + 1)]);
      next_ = 0;
    }
    return order_[next_++];
  }

 private:
  std::vector<std::uint64_t> order_;
  std::uint64_t next_;
  Random random_{5};
};

/// A few are asked for often, and other ones as time goes by.
class DriftingZipf {
 public:
  DriftingZipf(std::uint64_t keys, double drift) : sums_(keys), drift_(drift) {
    double sum = 0;
    for (std::uint64_t i = 0; i < keys; ++i) sums_[i] = sum += std::pow(static_cast<double>(i + 1), -0.9);
  }
  std::uint64_t operator()() {
    offset_ += drift_;
    auto rank = std::ranges::lower_bound(sums_, random_.unit() * sums_.back()) - sums_.begin();
    return (static_cast<std::uint64_t>(rank) + static_cast<std::uint64_t>(offset_)) % (4 * sums_.size());
  }

 private:
  std::vector<double> sums_;
  double drift_;
  double offset_ = 0;
  Random random_{7};
};

// --- a cache under two kinds of traffic

class MixedCache {
 public:
  static constexpr std::uint64_t epoch_keys = 2'000, zipf_keys = 16'000;
  struct Ratios {
    double epochs, zipf;
    double both() const { return (epochs + zipf) / 2; }
  };

  MixedCache(std::uint64_t capacity, bool tells_origins)
      : nodes_(epoch_keys + zipf_keys),
        policy_({.capacity = capacity, .origin_of = tells_origins ? origin_of() : DuelPolicy::OriginOf()}) {
    for (std::uint64_t key = 0; key < nodes_.size(); ++key) nodes_[key].hash = mix(key + 1);
  }
  bool request(std::uint64_t key) {
    if (nodes_[key].resident()) {
      policy_.on_hit(nodes_[key]);
      return true;
    }
    policy_.admit(nodes_[key], [](PolicyNode&) {});
    EXPECT_LE(policy_.weight(), policy_.capacity());
    return false;
  }
  /// Both kinds in turn, or one of them; what they hit once they are settled.
  Ratios run(bool epochs, bool zipf) {
    constexpr int turns = 45'000;
    Epochs next_of_epoch(epoch_keys);
    DriftingZipf next_of_zipf(zipf_keys / 4, 0.5);
    Ratios hits{};
    for (int i = 0; i < turns; ++i) {
      double counts = i >= turns / 3 ? 1 : 0;
      if (epochs && request(next_of_epoch())) hits.epochs += counts;
      if (zipf && request(epoch_keys + next_of_zipf())) hits.zipf += counts;
    }
    constexpr double counted = turns - turns / 3;
    return {100 * hits.epochs / counted, 100 * hits.zipf / counted};
  }
  const DuelPolicy& policy() const { return policy_; }
  static constexpr std::uint64_t epoch_origin = 11, zipf_origin = 12;

 private:
  DuelPolicy::OriginOf origin_of() {
    return [this](const PolicyNode& node) { return &node < &nodes_[epoch_keys] ? epoch_origin : zipf_origin; };
  }

  std::vector<PolicyNode> nodes_;
  DuelPolicy policy_;
};

TEST(SteeringTest, EpochsBesideZipfGetWhatEachWouldGetAlone) {
  constexpr std::uint64_t capacity = 1'000;
  MixedCache mixed(capacity, true);
  MixedCache::Ratios together = mixed.run(true, true);
  auto alone = [](double part) {
    auto of_epochs = static_cast<std::uint64_t>(part * capacity);
    return MixedCache::Ratios{MixedCache(of_epochs, true).run(true, false).epochs,
                              MixedCache(capacity - of_epochs, true).run(false, true).zipf};
  };
  const SteeringPlan& plan = mixed.policy().plan();
  MixedCache::Ratios in_its_part = alone(plan.groups[plan.group_of(MixedCache::epoch_origin)].share);
  EXPECT_GE(together.epochs, in_its_part.epochs - 3);
  EXPECT_GE(together.zipf, in_its_part.zipf - 3);
  EXPECT_GE(together.both(), alone(0.5).both() - 1);
  MixedCache::Ratios in_one_group = MixedCache(capacity, false).run(true, true);
  EXPECT_GE(together.both(), in_one_group.both() + 5);
}

TEST(SteeringTest, EachGroupHasTheStyleThatSuitsIt) {
  MixedCache cache(1'000, true);
  cache.run(true, true);
  const SteeringPlan& plan = cache.policy().plan();
  std::size_t epochs = plan.group_of(MixedCache::epoch_origin);
  std::size_t zipf = plan.group_of(MixedCache::zipf_origin);
  ASSERT_NE(epochs, zipf);
  EXPECT_EQ(plan.groups[epochs].style, Style::hold);
  EXPECT_LT(plan.groups[zipf].style, Style::contest);
}

TEST(SteeringTest, TrafficOfOneKindIsOneGroup) {
  MixedCache cache(1'000, true);
  cache.run(true, false);
  EXPECT_EQ(cache.policy().plan().group_count, 1u);
}

TEST(SteeringTest, PartOfAGroupThatIsNotAskedForGoesToTheOthers) {
  MixedCache cache(1'000, true);
  cache.run(true, true);
  const SteeringPlan& plan = cache.policy().plan();
  double before = plan.groups[plan.group_of(MixedCache::epoch_origin)].share;
  for (int i = 0; i < 4; ++i) cache.run(false, true);
  std::size_t epochs = plan.group_of(MixedCache::epoch_origin);
  EXPECT_LT(epochs == 0 ? 0 : plan.groups[epochs].share, before / 4);
}

TEST(SteeringTest, PartsAreTheWhole) {
  MixedCache cache(1'000, true);
  cache.run(true, true);
  double sum = 0;
  for (const SteeringPlan::Group& group : cache.policy().plan().groups) sum += group.share;
  EXPECT_NEAR(sum, 1, 1e-9);
}

// --- shards

TEST(SteeringTest, ShardsFollowWhatAllOfThemSaw) {
  constexpr std::uint64_t keys = 2'000;
  Steering steering({.capacity = keys / 2});
  std::vector<std::unique_ptr<DuelPolicy>> shards;
  for (int i = 0; i < 8; ++i) {
    shards.push_back(std::make_unique<DuelPolicy>(DuelPolicy::Options{.capacity = keys / 16, .is_shard = true}));
  }
  std::vector<PolicyNode> nodes(keys);
  for (std::uint64_t key = 0; key < keys; ++key) nodes[key].hash = mix(key + 1);
  Epochs epochs(keys);
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < 12 * keys; ++i) {
    PolicyNode& node = nodes[epochs()];
    DuelPolicy& shard = *shards[node.hash >> 61];
    hits += node.resident() && i >= 2 * keys ? 1 : 0;
    if (node.resident()) {
      shard.on_hit(node);
    } else {
      shard.admit(node, [](PolicyNode&) {});
    }
    if (i % 100 != 0) continue;
    for (auto& one : shards) {
      for (const Sample& sample : one->take_samples()) steering.learn(sample);
      one->follow(steering.plan());
    }
  }
  EXPECT_GE(static_cast<double>(hits), 0.93 * 10 * keys / 2);
  for (auto& one : shards) EXPECT_EQ(one->style(), Style::hold);
}

TEST(SteeringTest, OtherDataTakesThePlaceOfWhatStoodStill) {
  constexpr std::uint64_t keys = 1'000;
  DuelPolicy policy({.capacity = keys / 2});
  std::vector<PolicyNode> nodes(2 * keys);
  for (std::uint64_t key = 0; key < nodes.size(); ++key) nodes[key].hash = mix(key + 1);
  Epochs epochs(keys);
  auto hits_of = [&](std::uint64_t first_key, std::uint64_t count) {
    std::uint64_t hits = 0;
    for (std::uint64_t i = 0; i < count * keys; ++i) {
      PolicyNode& node = nodes[first_key + epochs()];
      hits += node.resident() ? 1 : 0;
      node.resident() ? policy.on_hit(node) : void(policy.admit(node, [](PolicyNode&) {}));
    }
    return hits;
  };
  hits_of(0, 20);
  ASSERT_EQ(policy.style(), Style::hold);
  hits_of(keys, 10);
  EXPECT_GE(static_cast<double>(hits_of(keys, 20)), 0.93 * 20 * keys / 2);
}

// --- origins

TEST(OriginTableTest, KeepsTheHeaviestOfMany) {
  OriginTable table;
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    table.note(i + 100, 1);
    if (i % 5 == 0) table.note(7, 1);
  }
  EXPECT_NEAR(table.share_of(7), 1.0 / 6, 0.04);
  EXPECT_LE(table.share_of(10'100), 0.1);
}

TEST(OriginTableTest, WhatStoppedIsForgotten) {
  OriginTable table;
  for (int i = 0; i < 100; ++i) table.note(7, 1);
  for (int i = 0; i < 10; ++i) {
    table.halve();
    for (int n = 0; n < 100; ++n) table.note(8, 1);
  }
  EXPECT_LT(table.share_of(7), 0.01);
  EXPECT_GT(table.share_of(8), 0.99);
}

}  // namespace
}  // namespace shoal::cache
