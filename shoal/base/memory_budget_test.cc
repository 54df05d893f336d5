#include "shoal/base/memory_budget.h"

#include <thread>

#include <gtest/gtest.h>

namespace shoal {
namespace {

class MemoryBudgetTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t limit = 1'024 << 20;
  static constexpr std::uint64_t reserve = limit / 8;
  static constexpr std::uint64_t for_requests = reserve / 4 * 3;
  static constexpr std::chrono::seconds patience{16};
  MemoryBudgetTest() {
    budget_.add(&bodies_);
    budget_.add_promised(&promised_);
    budget_.add_cache(&cache_);
  }
  /// What a cache does that is told how much it may hold, and is always full.
  void rebalance() {
    budget_.rebalance();
    cache_.release(cache_.bytes());
    cache_.charge(budget_.for_caches());
  }
  bool has_room_for(std::uint64_t bytes) { return budget_.try_promise(MemoryUse::request, bytes).has_value(); }
  /// Asks, and keeps what it is granted. The index under which the others know it.
  std::size_t ask(std::uint64_t bytes, MemoryUse use = MemoryUse::request) {
    std::size_t index = answers_.size();
    answers_.emplace_back();
    budget_.promise(use, bytes,
                    [this, index](std::optional<MemoryPromise> promise) { answers_[index] = std::move(promise); });
    return index;
  }
  bool is_waiting(std::size_t index) const { return !answers_[index].has_value(); }
  bool has_promise(std::size_t index) const { return answers_[index].has_value() && answers_[index]->has_value(); }
  void give_back(std::size_t index) { answers_[index] = std::optional<MemoryPromise>(); }

  ManualClock clock_;
  MemoryBudget budget_{limit, patience, clock_};
  MemoryAccount bodies_{"bodies"};
  MemoryAccount promised_{"promised"};
  MemoryAccount cache_{"cache"};
  std::vector<std::optional<std::optional<MemoryPromise>>> answers_;
};

// --- the reserve

TEST_F(MemoryBudgetTest, CachesGetMostOfIt) {
  EXPECT_EQ(budget_.for_caches(), limit - reserve);
  EXPECT_TRUE(has_room_for(1));
}

TEST_F(MemoryBudgetTest, ReserveFollowsWhatIsUsedUpToHalf) {
  rebalance();
  bodies_.charge(reserve);
  EXPECT_FALSE(has_room_for(1));
  rebalance();
  EXPECT_TRUE(has_room_for(1));
  EXPECT_EQ(budget_.for_caches(), limit - 2 * reserve);
  bodies_.charge(limit);
  rebalance();
  EXPECT_EQ(budget_.for_caches(), limit / 2);
  EXPECT_FALSE(has_room_for(1));
  bodies_.release(bodies_.bytes());
  for (int i = 0; i < 20; ++i) rebalance();
  EXPECT_EQ(budget_.for_caches(), limit - reserve);
}

TEST_F(MemoryBudgetTest, ReserveGrowsWhileSomebodyWaits) {
  ask(for_requests / 2);
  ask(for_requests / 2);
  std::size_t waiting = ask(1);
  rebalance();
  EXPECT_EQ(budget_.for_caches(), limit - 2 * reserve);
  budget_.serve();
  EXPECT_TRUE(has_promise(waiting));
}

TEST_F(MemoryBudgetTest, HasNoRoomUntilTheCacheHasShrunk) {
  rebalance();
  bodies_.charge(reserve);
  budget_.rebalance();
  EXPECT_FALSE(has_room_for(1)) << "bodies that are being read hold the cache's memory";
  cache_.release(reserve);
  EXPECT_TRUE(has_room_for(1));
}

TEST_F(MemoryBudgetTest, SmallLimitKeepsHalfForTheOthers) {
  budget_.set_limit(16 << 20);
  EXPECT_EQ(budget_.for_caches(), 8U << 20);
}

// --- promises

TEST_F(MemoryBudgetTest, PromiseIsHadAtOnceWhileThereIsRoom) {
  EXPECT_TRUE(has_promise(ask(for_requests / 2)));
  EXPECT_TRUE(has_promise(ask(for_requests / 2)));
  EXPECT_TRUE(is_waiting(ask(1)));
}

TEST_F(MemoryBudgetTest, PromiseGoesToWhoWaitsLongestWhenItIsGivenBack) {
  std::size_t first = ask(for_requests / 2);
  ask(for_requests / 2);
  std::size_t large = ask(for_requests / 2);
  std::size_t small = ask(1);
  EXPECT_TRUE(is_waiting(small)) << "nobody overtakes";
  give_back(first);
  EXPECT_TRUE(has_promise(large));
  EXPECT_TRUE(is_waiting(small));
  give_back(large);
  EXPECT_TRUE(has_promise(small));
  EXPECT_EQ(budget_.waiting(), 0U);
}

TEST_F(MemoryBudgetTest, ReadsOvertakeRequestsWhichMayWaitForThem) {
  std::size_t first = ask(for_requests / 2);
  ask(for_requests / 2);
  std::size_t request = ask(1);
  std::size_t read = ask(reserve / 4, MemoryUse::read);
  EXPECT_TRUE(has_promise(read)) << "of the quarter that requests leave";
  std::size_t second_read = ask(1, MemoryUse::read);
  EXPECT_TRUE(is_waiting(second_read));
  give_back(read);
  EXPECT_TRUE(has_promise(second_read));
  EXPECT_TRUE(is_waiting(request));
  give_back(first);
  EXPECT_TRUE(has_promise(request));
}

TEST_F(MemoryBudgetTest, PromiseIsNotCountedTwiceWhenItIsUsed) {
  ask(for_requests / 2);
  promised_.charge(for_requests / 2);
  EXPECT_EQ(budget_.other_bytes(), for_requests / 2);
  EXPECT_TRUE(has_promise(ask(for_requests / 2)));
}

TEST_F(MemoryBudgetTest, WhoWaitedTooLongIsToldSo) {
  bodies_.charge(reserve);
  std::size_t early = ask(1);
  clock_.advance(patience / 2);
  std::size_t late = ask(1);
  clock_.advance(patience / 2);
  budget_.serve();
  EXPECT_FALSE(is_waiting(early));
  EXPECT_FALSE(has_promise(early));
  EXPECT_EQ(budget_.refusals(), 1U);
  EXPECT_TRUE(is_waiting(late));
  bodies_.release(reserve);
  budget_.serve();
  EXPECT_TRUE(has_promise(late));
}

TEST_F(MemoryBudgetTest, MoreThanThereCanEverBeIsPromisedAsHalf) {
  std::size_t huge = ask(10 * limit);
  EXPECT_TRUE(has_promise(huge));
  EXPECT_EQ(budget_.promised_bytes(), for_requests / 2);
}

TEST_F(MemoryBudgetTest, NobodyWaitsWhenTheServerStops) {
  bodies_.charge(limit);
  std::size_t waiting = ask(1);
  budget_.end_waiting();
  EXPECT_TRUE(has_promise(waiting));
  EXPECT_TRUE(has_promise(ask(limit)));
}

TEST_F(MemoryBudgetTest, NothingIsPromisedTwiceWhateverThreadsAsk) {
  std::atomic<std::uint64_t> most = 0;
  auto work = [&] {
    for (int i = 0; i < 20'000; ++i) {
      budget_.promise(MemoryUse::request, for_requests / 3, [&](const std::optional<MemoryPromise>&) {
        std::uint64_t now = budget_.promised_bytes();
        std::uint64_t before = most;
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
      });
    }
  };
  {
    std::jthread second(work);
    std::jthread third(work);
    std::jthread fourth(work);
    work();
  }
  EXPECT_LE(most, for_requests);
  EXPECT_EQ(budget_.promised_bytes(), 0U);
  EXPECT_EQ(budget_.waiting(), 0U);
}

}  // namespace
}  // namespace shoal
