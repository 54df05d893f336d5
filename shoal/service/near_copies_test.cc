#include "shoal/service/near_copies.h"

#include <atomic>
#include <string>

#include <gtest/gtest.h>

#include "shoal/sim/simulated_timers.h"
#include "shoal/testing/run_task.h"

namespace shoal::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LenderOfAll final : public Lender {
 public:
  std::optional<Loan> lend(const ObjectKeyView&) override { return Loan(changes, until); }
  void learn(const NearHits& hits) override {
    ++messages;
    reads.insert(reads.end(), hits.reads.begin(), hits.reads.end());
    missing += hits.missing;
    descriptions += hits.descriptions;
  }

  std::atomic<std::uint32_t> changes{0};
  MonotonicTime until = MonotonicTime::max();
  int messages = 0;
  std::vector<std::uint64_t> reads;
  std::uint64_t missing = 0;
  std::uint64_t descriptions = 0;
};

/// Copies of what one other loop lends, on a clock that stands still.
class NearCopiesTest : public ::testing::Test {
 protected:
  static constexpr std::size_t owner = 1;
  static constexpr std::size_t body_bytes = 1000;

  NearCopiesTest() {
    io::spawn(loop_, copies_.watch());
    shoal::testing::run_until_idle(loop_.context());
  }
  ~NearCopiesTest() override {
    shoal::testing::run_task(loop_.context(), copies_.stop());
    EXPECT_EQ(info_.use_count(), 1);
  }

  static ObjectKey key(int i) { return {"bucket", "name-" + std::to_string(i)}; }
  Object object() const { return {info_, Body::copy_of(std::string(body_bytes, 'x')), nullptr}; }
  void keep(int i, Wanted wanted = Wanted::body) {
    copies_.keep(owner, key(i), object(), wanted, *lender_.lend(key(i)));
  }
  bool has(int i) { return copies_.try_get(key(i)).has_value(); }
  int count(int of) {
    int found = 0;
    for (int i = 0; i < of; ++i) found += has(i) ? 1 : 0;
    return found;
  }

  io::EventLoop loop_;
  ManualClock clock_;
  sim::SimulatedTimers timers_{loop_, clock_};
  LenderOfAll lender_;
  MemoryAccount account_{"near_copies"};
  std::uint64_t owner_bytes_max_ = 1 << 20;
  ObjectInfoPtr info_ = std::make_shared<ObjectInfo>();
  NearCopies copies_{{{&loop_, nullptr}, {&loop_, &lender_}},
                     timers_,
                     account_,
                     {.count_max = 64, .owner_bytes_max = [this] { return owner_bytes_max_; }}};
};

TEST_F(NearCopiesTest, WhatIsLentIsAnsweredUntilItChanges) {
  EXPECT_FALSE(has(1));
  keep(1);
  std::optional<Object> found = copies_.try_get(key(1));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->body.size(), body_bytes);
  EXPECT_EQ(copies_.try_stat(key(1)), info_);
  EXPECT_FALSE(has(2));
  ++lender_.changes;
  EXPECT_FALSE(has(1));
  EXPECT_EQ(copies_.try_stat(key(1)), nullptr);
}

TEST_F(NearCopiesTest, WhatIsLentForATimeIsAnsweredUntilThen) {
  lender_.until = clock_.monotonic() + milliseconds(50);
  keep(1);
  clock_.advance(milliseconds(49));
  EXPECT_TRUE(has(1));
  clock_.advance(milliseconds(1));
  EXPECT_FALSE(has(1));
}

TEST_F(NearCopiesTest, ADescriptionIsNoBody) {
  keep(1, Wanted::description);
  EXPECT_EQ(copies_.try_stat(key(1)), info_);
  EXPECT_FALSE(has(1));
  keep(1);
  EXPECT_TRUE(has(1));
}

TEST_F(NearCopiesTest, ThatThereIsNoObjectIsAnsweredToo) {
  EXPECT_FALSE(copies_.is_known_missing(key(1)));
  copies_.keep(owner, key(1), Object(), Wanted::body, *lender_.lend(key(1)));
  EXPECT_TRUE(copies_.is_known_missing(key(1)));
  EXPECT_FALSE(has(1));
  EXPECT_EQ(copies_.try_stat(key(1)), nullptr);
  timers_.advance(milliseconds(100));
  EXPECT_EQ(lender_.reads.size(), 1U);
  EXPECT_EQ(lender_.missing, 1U);
  ++lender_.changes;
  EXPECT_FALSE(copies_.is_known_missing(key(1)));
  keep(1);
  EXPECT_TRUE(has(1));
  EXPECT_FALSE(copies_.is_known_missing(key(1)));
}

TEST_F(NearCopiesTest, AnObjectIsWorthACopyWhenItIsAskedForAgainSoon) {
  EXPECT_FALSE(copies_.is_asked_again(key(1)));
  EXPECT_FALSE(copies_.is_asked_again(key(2)));
  EXPECT_TRUE(copies_.is_asked_again(key(1)));
  timers_.advance(seconds(1));
  EXPECT_FALSE(copies_.is_asked_again(key(1)));
}

TEST_F(NearCopiesTest, WhatNobodyAsksForGoes) {
  keep(1);
  keep(2);
  for (int i = 0; i < 5; ++i) {
    timers_.advance(seconds(1));
    EXPECT_TRUE(has(1));
  }
  EXPECT_FALSE(has(2));
  timers_.advance(seconds(2));
  EXPECT_FALSE(has(1));
}

TEST_F(NearCopiesTest, WhatHasChangedIsNotKeptInMemory) {
  keep(1);
  EXPECT_EQ(info_.use_count(), 2);
  ++lender_.changes;
  timers_.advance(seconds(1));
  EXPECT_EQ(info_.use_count(), 1);
}

TEST_F(NearCopiesTest, HitsAreToldInFewMessages) {
  keep(1);
  for (int i = 0; i < 150; ++i) EXPECT_TRUE(has(1));
  EXPECT_NE(copies_.try_stat(key(1)), nullptr);
  timers_.advance(milliseconds(100));
  EXPECT_EQ(lender_.messages, 3);
  EXPECT_EQ(lender_.reads, std::vector<std::uint64_t>(150, ObjectKeyView(key(1)).hash));
  EXPECT_EQ(lender_.descriptions, 1U);
  EXPECT_EQ(copies_.hits().value(), 151U);
  timers_.advance(milliseconds(1'000));
  EXPECT_EQ(lender_.messages, 3);
}

TEST_F(NearCopiesTest, NoMoreThanTheOwnerCanSpare) {
  owner_bytes_max_ = 20 * body_bytes;
  timers_.advance(milliseconds(100));
  for (int i = 0; i < 50; ++i) keep(i);
  int kept = count(50);
  EXPECT_GE(kept, 10);
  EXPECT_LE(kept, 20);

  owner_bytes_max_ = 5 * body_bytes;  // the caches have become smaller
  timers_.advance(milliseconds(100));
  EXPECT_LE(count(50), 5);
  owner_bytes_max_ = 0;
  timers_.advance(milliseconds(100));
  EXPECT_EQ(count(50), 0);
}

TEST_F(NearCopiesTest, NoMoreThanThereArePlaces) {
  for (int i = 0; i < 1'000; ++i) keep(i);
  int kept = count(1'000);
  EXPECT_GE(kept, 48);
  EXPECT_LE(kept, 64);
  ++lender_.changes;  // what is not true any more makes place
  for (int i = 2'000; i < 2'010; ++i) {
    keep(i);
    EXPECT_TRUE(has(i));
  }
}

TEST_F(NearCopiesTest, TheirMemoryIsCharged) {
  std::uint64_t without = account_.bytes();
  EXPECT_GT(without, 0U);
  keep(1);
  EXPECT_GE(account_.bytes(), without + 200);
  keep(1);
  keep(2);
  timers_.advance(seconds(2));
  EXPECT_EQ(account_.bytes(), without);
}

TEST_F(NearCopiesTest, NothingIsKeptAfterTheEnd) {
  keep(1);
  EXPECT_TRUE(has(1));
  shoal::testing::run_task(loop_.context(), copies_.stop());
  EXPECT_EQ(info_.use_count(), 1);
  EXPECT_EQ(lender_.reads.size(), 1U);
  keep(1);
  EXPECT_FALSE(has(1));
}

}  // namespace
}  // namespace shoal::service
