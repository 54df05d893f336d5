#include "shoal/cache/arc_policy.h"

#include <algorithm>
#include <list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/cache/policy_contract.h"

namespace shoal::cache {
namespace {

using testing::CheckedCache;
using testing::mix;

ArcPolicy::Options capacity_of(std::uint64_t capacity) { return {.capacity = capacity}; }

// Figure 4 of the paper, written as it is printed: lists of keys, newest first.
class PaperArc {
 public:
  explicit PaperArc(double c) : c_(c) {}

  bool request(std::uint64_t x) {
    if (take(t1_, x) || take(t2_, x)) {
      t2_.push_front(x);
      return true;
    }
    if (contains(b1_, x)) {
      p_ = std::min(c_, p_ + std::max(1.0, size(b2_) / size(b1_)));
      replace(false);
      take(b1_, x);
      t2_.push_front(x);
    } else if (contains(b2_, x)) {
      p_ = std::max(0.0, p_ - std::max(1.0, size(b1_) / size(b2_)));
      replace(true);
      take(b2_, x);
      t2_.push_front(x);
    } else {
      if (size(t1_) + size(b1_) == c_) {
        if (size(t1_) < c_) {
          b1_.pop_back();
          replace(false);
        } else {
          t1_.pop_back();
        }
      } else if (double total = size(t1_) + size(t2_) + size(b1_) + size(b2_); total >= c_) {
        if (total == 2 * c_) b2_.pop_back();
        replace(false);
      }
      t1_.push_front(x);
    }
    return false;
  }
  double p() const { return p_; }
  std::vector<double> sizes() const { return {size(t1_), size(t2_), size(b1_), size(b2_)}; }

 private:
  using Keys = std::list<std::uint64_t>;
  static double size(const Keys& keys) { return static_cast<double>(keys.size()); }
  static bool contains(const Keys& keys, std::uint64_t x) {
    return std::find(keys.begin(), keys.end(), x) != keys.end();
  }
  static bool take(Keys& keys, std::uint64_t x) { return keys.remove(x) != 0; }
  void replace(bool in_b2) {
    bool recent = !t1_.empty() && (size(t1_) > p_ || (in_b2 && size(t1_) == p_));
    Keys& from = recent ? t1_ : t2_;
    (recent ? b1_ : b2_).push_front(from.back());
    from.pop_back();
  }

  double c_;
  double p_ = 0;
  Keys t1_, t2_, b1_, b2_;
};

TEST(ArcPolicyTest, DecidesAsThePaperInCountMode) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    std::uint64_t capacity = 1 + random.below(40);
    PaperArc paper(static_cast<double>(capacity));
    CheckedCache<ArcPolicy> cache(capacity_of(capacity));
    for (int i = 0; i < 4000; ++i) {
      std::uint64_t key =
          random.below(2) == 0 ? random.below(capacity * 3) : static_cast<std::uint64_t>(i) % (capacity * 2);
      ASSERT_EQ(cache.request(key), paper.request(key)) << "seed " << seed << " request " << i;
      ASSERT_DOUBLE_EQ(cache.policy().target(), paper.p());
      PolicyStats stats = cache.policy().stats();
      for (std::size_t list = 0; list < 4; ++list)
        ASSERT_EQ(stats.lists[list].count, paper.sizes()[list]) << stats.lists[list].name << " seed " << seed;
    }
  }
}

TEST(ArcPolicyTest, KeepsTheContract) {
  testing::expect_policy_contract<ArcPolicy>(capacity_of);
  testing::expect_policy_contract<ArcPolicy>(
      [](std::uint64_t capacity) { return ArcPolicy::Options{.capacity = capacity, .step_ratio_max = 10}; });
}

TEST(ArcPolicyTest, ALargeEntryEvictsAsManyAsItNeeds) {
  CheckedCache<ArcPolicy> cache(capacity_of(10));
  for (std::uint64_t key = 1; key <= 5; ++key) cache.request(key, 2);
  cache.request(6, 5);
  EXPECT_FALSE(cache.contains(3));
  EXPECT_TRUE(cache.contains(4));
  EXPECT_EQ(cache.policy().weight(), 9u);
}

TEST(ArcPolicyTest, AGhostHitMovesTheTargetByTheWeightOfTheEntry) {
  CheckedCache<ArcPolicy> cache(capacity_of(10));
  cache.request(1, 3);
  cache.request(1, 3);  // T2, so that T1 does not fill the cache and its victims leave ghosts
  cache.request(2, 4);
  cache.request(3, 4);  // 2 goes to B1
  ASSERT_FALSE(cache.contains(2));
  cache.request(2, 4);
  EXPECT_EQ(cache.policy().target(), 4.0);
  EXPECT_EQ(ArcPolicy::list_name(cache.node(2)), "T2");
}

TEST(ArcPolicyTest, APinnedEntryIsPassedOver) {
  CheckedCache<ArcPolicy> cache(capacity_of(3));
  for (std::uint64_t key : {1, 2, 3}) cache.request(key);
  cache.toggle_pin(1);
  cache.request(4);
  EXPECT_TRUE(cache.contains(1));
  EXPECT_FALSE(cache.contains(2));
}

TEST(ArcPolicyTest, RefusesWhenTooMuchIsPinned) {
  CheckedCache<ArcPolicy> cache(capacity_of(2));
  cache.request(1);
  cache.request(2);
  cache.toggle_pin(1);
  cache.toggle_pin(2);
  PolicyNode node;
  node.hash = mix(3);
  EXPECT_EQ(cache.policy().admit(node, [](PolicyNode&) { FAIL(); }), Admission::refused_pinned);
  EXPECT_TRUE(cache.contains(1));
}

TEST(ArcPolicyTest, ADeletedKeyLeavesNoGhost) {
  CheckedCache<ArcPolicy> cache(capacity_of(2));
  cache.request(1);
  cache.request(1);
  cache.request(2);
  cache.request(3);  // 2 goes to B1
  cache.remove(2);
  cache.remove(1);
  cache.request(2);
  EXPECT_EQ(cache.policy().stats().recent_ghost_hits, 0u);
  EXPECT_EQ(ArcPolicy::list_name(cache.node(2)), "T1");
}

TEST(ArcPolicyTest, ANewVersionKeepsItsPlaceAndEvictsOthers) {
  CheckedCache<ArcPolicy> cache(capacity_of(10));
  cache.request(1, 2);
  cache.request(2, 2);
  cache.request(3, 2);
  cache.reweigh(1, 8);  // the oldest, but not its own victim
  EXPECT_TRUE(cache.contains(1));
  EXPECT_FALSE(cache.contains(2));
  EXPECT_TRUE(cache.contains(3));
  EXPECT_FALSE(cache.policy().reweigh(cache.node(1), 11, [](PolicyNode&) { FAIL(); }));
}

TEST(ArcPolicyTest, ResizeScalesTheTargetAndEvictsAtOnce) {
  CheckedCache<ArcPolicy> cache(capacity_of(40));
  run_random_operations(cache, 7, 2000, false);
  cache.resize(40);
  double target = cache.policy().target();
  cache.resize(20);
  EXPECT_DOUBLE_EQ(cache.policy().target(), target / 2);
}

TEST(ArcPolicyTest, ARestoredPolicyGoesOnAsIfNothingHadHappened) {
  CheckedCache<ArcPolicy> before(capacity_of(50));
  for (std::uint64_t i = 0; i < 5000; ++i) before.request(mix(i) % (i % 3 == 0 ? 40 : 200));
  auto bytes = encode(before.policy().snapshot());
  PolicySnapshot snapshot = decode_policy_snapshot(bytes).value();

  ArcPolicy after(capacity_of(50));
  std::vector<std::unique_ptr<PolicyNode>> nodes;
  after.restore(snapshot, [&](const PolicySnapshot::Entry&) {
    nodes.push_back(std::make_unique<PolicyNode>());
    return nodes.back().get();
  });
  EXPECT_EQ(after.snapshot(), snapshot);
}

TEST(ArcPolicyTest, BodiesThatAreLostBecomeGhosts) {
  CheckedCache<ArcPolicy> before(capacity_of(3));
  for (std::uint64_t key : {1, 2, 3, 3}) before.request(key);
  ArcPolicy after(capacity_of(3));
  after.restore(before.policy().snapshot(), [](const PolicySnapshot::Entry&) { return nullptr; });
  EXPECT_EQ(after.weight(), 0u);
  PolicyNode node;
  node.hash = mix(3);
  EXPECT_EQ(after.admit(node, [](PolicyNode&) {}), Admission::frequent_ghost);
}

TEST(PolicySnapshotTest, DamageIsFound) {
  CheckedCache<ArcPolicy> cache(capacity_of(3));
  for (std::uint64_t key : {1, 2, 3, 3}) cache.request(key);
  std::vector<std::byte> good = encode(cache.policy().snapshot());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_FALSE(decode_policy_snapshot(bad).has_value()) << "byte " << i;
    EXPECT_FALSE(decode_policy_snapshot(ByteSpan(good).first(i)).has_value()) << "length " << i;
  }
}

}  // namespace
}  // namespace shoal::cache
