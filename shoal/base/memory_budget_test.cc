#include "shoal/base/memory_budget.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

class MemoryBudgetTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t limit = 1'024 << 20;
  MemoryBudgetTest() {
    budget_.add(&bodies_);
    budget_.add_cache(&cache_);
  }
  /// What a cache does that is told how much it may hold, and is always full.
  void rebalance() {
    budget_.rebalance();
    cache_.release(cache_.bytes());
    cache_.charge(budget_.for_caches());
  }

  MemoryBudget budget_{limit};
  MemoryAccount bodies_{"bodies"};
  MemoryAccount cache_{"cache"};
};

TEST_F(MemoryBudgetTest, CachesGetMostOfIt) {
  EXPECT_EQ(budget_.for_caches(), limit - limit / 8);
  EXPECT_FALSE(budget_.exhausted());
}

TEST_F(MemoryBudgetTest, IsTightBeforeItIsExhausted) {
  rebalance();
  bodies_.charge(limit / 8 - limit / 64);
  EXPECT_TRUE(budget_.tight());
  EXPECT_FALSE(budget_.exhausted());
  bodies_.charge(limit / 32);
  EXPECT_TRUE(budget_.exhausted());
  bodies_.release(limit / 16);
  EXPECT_FALSE(budget_.tight());
}

TEST_F(MemoryBudgetTest, ReserveFollowsWhatIsUsedUpToHalf) {
  rebalance();
  bodies_.charge(limit / 8);
  EXPECT_TRUE(budget_.tight());
  rebalance();
  EXPECT_FALSE(budget_.tight());
  EXPECT_EQ(budget_.for_caches(), limit - limit / 4);
  bodies_.charge(limit);
  rebalance();
  EXPECT_EQ(budget_.for_caches(), limit / 2);
  EXPECT_TRUE(budget_.exhausted());
  bodies_.release(bodies_.bytes());
  for (int i = 0; i < 20; ++i) rebalance();
  EXPECT_EQ(budget_.for_caches(), limit - limit / 8);
}

TEST_F(MemoryBudgetTest, StaysTightUntilTheCacheHasShrunk) {
  rebalance();
  bodies_.charge(limit / 8);
  budget_.rebalance();
  EXPECT_TRUE(budget_.tight()) << "bodies that are being read hold the cache's memory";
  cache_.release(limit / 8);
  EXPECT_FALSE(budget_.tight());
}

TEST_F(MemoryBudgetTest, SmallLimitKeepsHalfForTheOthers) {
  budget_.set_limit(16 << 20);
  EXPECT_EQ(budget_.for_caches(), 8U << 20);
}

}  // namespace
}  // namespace shoal
