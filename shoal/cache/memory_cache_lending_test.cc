#include <chrono>

#include "shoal/cache/coherent_cache.h"
#include "shoal/cache/memory_cache_test.h"
#include "shoal/testing/comparing_reads.h"

namespace shoal::cache {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture and its words
using std::chrono::milliseconds;
using std::chrono::seconds;

class LendingTest : public MemoryCacheTest {
 protected:
  explicit LendingTest(MemoryCacheOptions options = {}) : MemoryCacheTest(std::move(options)) {}

  std::optional<Loan> lend(const std::string& name) { return cache_.lend(key(name)); }
  bool holds(const std::optional<Loan>& loan) { return loan && loan->holds(clock_); }
  /// Writes "a", which ends its loan when it begins, and nothing is lent until it is done.
  void write_what_is_lent() {
    std::optional<Loan> loan = lend("a");
    EXPECT_TRUE(holds(loan));
    below_.hold(StoreCall::put, "gate");
    auto writing = start(put_task(cache_, "a", "2"));
    EXPECT_FALSE(holds(loan));
    EXPECT_EQ(lend("a"), std::nullopt);
    open("gate");
    EXPECT_THAT(writing.result(), IsOk());
    EXPECT_TRUE(holds(lend("a")));
  }
};

TEST_P(LendingTest, WhatIsInMemoryIsLentForAsLongAsItDoesNotChange) {
  EXPECT_EQ(lend("a"), std::nullopt);
  EXPECT_THAT(put("a", "1"), IsOk());
  std::optional<Loan> loan = lend("a");
  EXPECT_TRUE(holds(loan));
  EXPECT_THAT(put("another", "1"), IsOk());  // whose changes are not counted where those of "a" are
  clock_.advance(seconds(100'000));
  EXPECT_EQ(get("a"), "1");
  EXPECT_TRUE(holds(loan));
}

TEST_P(LendingTest, EveryKindOfWriteEndsTheLoan) {
  auto ends = [this](auto write) {
    EXPECT_THAT(put("a", "1"), IsOk());
    std::optional<Loan> loan = lend("a");
    EXPECT_TRUE(holds(loan));
    write();
    EXPECT_FALSE(holds(loan));
  };
  ends([&] { EXPECT_THAT(put("a", "2"), IsOk()); });
  ends([&] { EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOk()); });
  ends([&] {
    ObjectInfo info = **run(cache_.stat(key("a"))).value();
    info.user_metadata = {{"x-amz-meta-a", "b"}};
    EXPECT_THAT(run(cache_.update_info(key("a"), std::move(info))), IsOk());
  });
  ends([&] { cache_.forget_bucket("bucket"); });
  ends([&] { cache_.doubt(key("a")); });
  ends([&] {
    for (std::size_t part = 0; part < Directory::part_count; ++part) cache_.evict({"bucket", ""}, part);
  });
  ends([&] {
    auto writer = run(cache_.begin_put(key("a")));
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT(run((*writer)->commit(ObjectInfo(), WriteCondition())), IsOk());
  });
  ends([&] {
    below_.fail(StoreCall::put, ErrorCode::io_error);
    EXPECT_FALSE(put("a", "2").has_value());
  });
}

TEST_P(LendingTest, NothingIsLentWhileItIsWritten) {
  EXPECT_THAT(put("a", "1"), IsOk());
  write_what_is_lent();
}

TEST_P(LendingTest, WhatIsSeenBelowEndsTheLoanOfWhatWasEvicted) {
  EXPECT_THAT(put("a", "1"), IsOk());
  auto evict = [this] {
    cache_.set_capacity(0);
    cache_.set_capacity(options_.capacity);
    EXPECT_EQ(get_hit("a"), std::nullopt);
  };
  std::optional<Loan> loan = lend("a");
  evict();
  EXPECT_TRUE(holds(loan));
  put_below("a", "2");
  EXPECT_THAT(run(cache_.stat(key("a"))), IsOk());
  EXPECT_FALSE(holds(loan));

  EXPECT_EQ(get("a"), "2");
  loan = lend("a");
  evict();
  put_below("a", "3");
  EXPECT_EQ(get("a"), "3");
  EXPECT_FALSE(holds(loan));
}

TEST_P(LendingTest, ThatAKeyIsMissingIsLentUntilItIsAskedAboutAgain) {
  EXPECT_EQ(get("a"), std::nullopt);
  std::optional<Loan> loan = lend("a");
  clock_.advance(options_.missing_key_lifetime - milliseconds(1));
  EXPECT_TRUE(holds(loan));
  clock_.advance(milliseconds(1));
  EXPECT_FALSE(holds(loan));
  EXPECT_EQ(lend("a"), std::nullopt);
}

TEST_P(LendingTest, ThatAKeyIsMissingIsNotLentAfterSomebodyBeganToWriteIt) {
  EXPECT_EQ(get("a"), std::nullopt);
  write_what_is_lent();
}

/// A store that knows at once what it does not have.
class KnowingStore final : public shoal::testing::InMemoryStore {
 public:
  bool is_known_missing(const ObjectKeyView& key) override { return !try_get(key); }
};

TEST_P(LendingTest, WhatTheStoreBelowKnowsToBeMissingIsLentUntilItIsWritten) {
  KnowingStore store;
  MemoryAccount account("cache");
  MemoryCache cache(store, clock_, account, options_);
  BucketInfo bucket;
  bucket.name = "bucket";
  EXPECT_THAT(run(cache.create_bucket(bucket)), IsOk());
  EXPECT_TRUE(cache.is_known_missing(key("a")));
  std::optional<Loan> loan = cache.lend(key("a"));
  clock_.advance(seconds(100'000));
  EXPECT_TRUE(holds(loan));
  EXPECT_EQ(cache.lend(key("a"), seconds(1)), std::nullopt) << "nobody knows since when";
  EXPECT_THAT(run(put_task(cache, "a", "1")), IsOk());
  EXPECT_FALSE(holds(loan));
}

TEST_P(LendingTest, HitsOfOthersCountAndMakeTheObjectWorthMore) {
  EXPECT_THAT(put("a", "1"), IsOk());
  NearHits hits{
      .reads = {ObjectKeyView(key("a")).hash, ObjectKeyView(key("gone")).hash}, .missing = 1, .descriptions = 3};
  CacheStats before = cache_.stats();
  cache_.learn(hits);
  EXPECT_EQ(cache_.stats().hits, before.hits + 2);
  EXPECT_EQ(cache_.stats().negative_hits, before.negative_hits + 1);
  EXPECT_EQ(cache_.stats().stat_hits, before.stat_hits + 3);
  EXPECT_EQ(cache_.explain(key("a")).hits, 1U);
}

/// Over a store that others write to.
class CoherentLendingTest : public LendingTest {
 protected:
  CoherentLendingTest() : LendingTest({.unsettled_time = seconds(60)}) {}
  void use(Coherence rule) {
    coherent_ = std::make_unique<CoherentCache>(cache_, below_reads_, CoherenceRules{.others = rule, .buckets = {}});
    EXPECT_THAT(put("a", "1"), IsOk());
  }
  std::optional<Loan> lend() { return coherent_->lend(key("a")); }

  shoal::testing::ComparingReads below_reads_{below_};
  std::unique_ptr<CoherentCache> coherent_;
};

TEST_P(CoherentLendingTest, WhatHasToBeComparedIsLentUntilThen) {
  use({.mode = Coherence::Mode::revalidate, .max_age = seconds(5)});
  clock_.advance(seconds(2));
  std::optional<Loan> loan = lend();
  clock_.advance(milliseconds(2'999));
  EXPECT_TRUE(holds(loan));
  clock_.advance(milliseconds(1));
  EXPECT_FALSE(holds(loan));
  EXPECT_EQ(lend(), std::nullopt);
  EXPECT_EQ(text_of(run(coherent_->get(key("a")))), "1");
  EXPECT_TRUE(holds(lend()));
}

TEST_P(CoherentLendingTest, WhatWasSeenToHaveChangedIsNotLentAnyMore) {
  use({.mode = Coherence::Mode::revalidate, .max_age = seconds(5)});
  std::optional<Loan> loan = lend();
  put_below("a", "2");
  EXPECT_THAT(run(coherent_->read(key("a"), Demand::confirmed)), IsOk());
  EXPECT_FALSE(holds(loan));
  loan = lend();
  put_below("a", "3");
  EXPECT_THAT(run(coherent_->describe(key("a"), Demand::confirmed)), IsOk());
  EXPECT_FALSE(holds(loan));
}

TEST_P(CoherentLendingTest, WhatIsDoubtedIsNotLentBeforeItWasCompared) {
  use({.mode = Coherence::Mode::revalidate, .max_age = seconds(5)});
  std::optional<Loan> loan = lend();
  coherent_->doubt(key("a"));
  EXPECT_FALSE(holds(loan));
  EXPECT_EQ(lend(), std::nullopt);
  EXPECT_EQ(text_of(run(coherent_->get(key("a")))), "1");
  EXPECT_TRUE(holds(lend()));
}

TEST_P(CoherentLendingTest, AfterAWriteOfUnknownOutcomeNothingIsLentUntilItIsSettled) {
  use({});
  below_.fail(StoreCall::put, ErrorCode::timed_out);
  EXPECT_FALSE(put("a", "2").has_value());
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(lend(), std::nullopt);
  clock_.advance(seconds(60));
  EXPECT_TRUE(holds(lend()));
}

TEST_P(CoherentLendingTest, WhatNeverChangesIsLentForGood) {
  use({.mode = Coherence::Mode::immutable});
  std::optional<Loan> loan = lend();
  clock_.advance(seconds(100'000));
  EXPECT_TRUE(holds(loan));
}

SHOAL_TEST_WITH_EVERY_POLICY(LendingTest);
SHOAL_TEST_WITH_EVERY_POLICY(CoherentLendingTest);

}  // namespace
}  // namespace shoal::cache
