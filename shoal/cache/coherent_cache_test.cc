#include "shoal/cache/coherent_cache.h"

#include <gtest/gtest.h>

#include "shoal/cache/memory_cache_test.h"
#include "shoal/testing/comparing_reads.h"

namespace shoal::cache::testing {
namespace {

using Mode = Coherence::Mode;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A cache over a store that others write to: put_below() is them.
class CoherentCacheTest : public MemoryCacheTest {
 protected:
  explicit CoherentCacheTest(MemoryCacheOptions options = {}) : MemoryCacheTest(std::move(options)) {}

  static CoherenceRules rules_of(Coherence rule) { return {.others = rule, .buckets = {}}; }

  /// Everything is older by so much.
  void pass(milliseconds time) { clock_.advance(time); }
  void use(Coherence rule) { coherent_ = std::make_unique<CoherentCache>(cache_, below_reads_, rules_of(rule)); }
  void use_revalidation(milliseconds max_age, milliseconds serve_stale = milliseconds(0)) {
    use({.mode = Mode::revalidate, .max_age = max_age, .serve_stale = serve_stale});
  }

  Result<std::optional<Object>> read(const std::string& name) { return run(coherent_->get(key(name))); }
  std::optional<std::string> text(const std::string& name) { return text_of(read(name)); }
  bool is_hit(const std::string& name) { return coherent_->try_get(key(name)).has_value(); }
  std::uint64_t questions() const { return below_.calls(StoreCall::stat); }
  /// Where a read of what there is comes from.
  std::optional<ReadSource> source(const std::string& name, Demand demand = Demand::as_promised) {
    auto read = run(coherent_->read(key(name), demand));
    auto described = run(coherent_->describe(key(name), Demand::as_promised));
    if (!read || !read->object || !described || !described->object) return std::nullopt;
    EXPECT_EQ(read->object->info, described->object->info);
    return read->source;
  }

  shoal::testing::ComparingReads below_reads_{below_};
  std::unique_ptr<CoherentCache> coherent_;
};

TEST_P(CoherentCacheTest, OwnedIsNeverAskedAbout) {
  use({});
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(100'000));
  EXPECT_TRUE(is_hit("a"));
  EXPECT_EQ(questions(), 0U);
}

TEST_P(CoherentCacheTest, YoungIsServedWithoutAsking) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(milliseconds(4'999));
  EXPECT_TRUE(is_hit("a"));
  EXPECT_EQ(questions(), 0U);
}

TEST_P(CoherentCacheTest, OldIsAskedAboutAndThenYoungAgain) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(5));
  EXPECT_FALSE(is_hit("a"));
  EXPECT_EQ(text("a"), "1");
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(reads_below(), 1U);
  EXPECT_TRUE(is_hit("a"));
  EXPECT_EQ(coherent_->stats().confirmed, 1U);
}

TEST_P(CoherentCacheTest, WhatChangedIsReadAnew) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  put_below("a", "2");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(5));
  EXPECT_EQ(text("a"), "2");
  EXPECT_EQ(coherent_->stats().changed, 1U);
  EXPECT_EQ(reads_below(), 2U);  // with the answer
  EXPECT_TRUE(is_hit("a"));
}

TEST_P(CoherentCacheTest, WhatChangedIsForgottenWhenOnlyItsInfoWasWanted) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  put_below("a", "2");
  pass(seconds(5));
  EXPECT_THAT(run(coherent_->stat(key("a"))), IsOk());
  EXPECT_EQ(reads_below(), 1U);
  EXPECT_FALSE(is_hit("a"));
  EXPECT_EQ(text("a"), "2");
}

TEST_P(CoherentCacheTest, WhatHasGrownLargeIsNotServedAsItWas) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  std::string large(options_.object_bytes_max + 1, 'x');
  put_below("a", large);
  pass(seconds(5));
  auto object = read("a");
  ASSERT_TRUE(object && *object);
  EXPECT_EQ((*object)->info->size, large.size());
  EXPECT_FALSE(is_hit("a"));
}

TEST_P(CoherentCacheTest, ReadersAreToldWhereTheAnswerCameFrom) {
  use_revalidation(seconds(5), seconds(60));
  put_below("a", "1");
  EXPECT_EQ(source("a"), ReadSource::store);
  EXPECT_EQ(source("a"), ReadSource::memory);
  EXPECT_EQ(source("a", Demand::confirmed), ReadSource::confirmed);
  pass(seconds(5));
  EXPECT_EQ(source("a"), ReadSource::confirmed);
  put_below("a", "2");
  pass(seconds(5));
  EXPECT_EQ(source("a"), ReadSource::store);
  pass(seconds(5));
  below_.fail(StoreCall::stat, ErrorCode::closed);
  auto stale = run(coherent_->describe(key("a"), Demand::as_promised));
  ASSERT_THAT(stale, IsOk());
  EXPECT_EQ(stale->source, ReadSource::stale);
  EXPECT_EQ(source("none"), std::nullopt);
}

TEST_P(CoherentCacheTest, WhoInsistsIsNotGivenTheStale) {
  use_revalidation(seconds(5), seconds(60));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  below_.fail(StoreCall::stat, ErrorCode::closed);
  EXPECT_THAT(run(coherent_->read(key("a"), Demand::confirmed)), HasError(ErrorCode::closed));
}

TEST_P(CoherentCacheTest, WhatWasRemovedIsGone) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  EXPECT_THAT(run(store_.remove(key("a"), WriteCondition())), IsOk());
  pass(seconds(5));
  EXPECT_EQ(text("a"), std::nullopt);
}

TEST_P(CoherentCacheTest, MaxAgeOfNothingAsksEachTime) {
  use_revalidation(seconds(0));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  for (const char* next : {"2", "3", "4"}) {
    put_below("a", next);
    EXPECT_FALSE(is_hit("a"));
    EXPECT_EQ(text("a"), next);
  }
}

TEST_P(CoherentCacheTest, KeyThatWasMissingIsLookedForAgain) {
  use_revalidation(seconds(5));
  EXPECT_EQ(text("a"), std::nullopt);
  EXPECT_TRUE(coherent_->is_known_missing(key("a")));
  put_below("a", "1");
  pass(seconds(5));
  EXPECT_FALSE(coherent_->is_known_missing(key("a")));
  EXPECT_EQ(text("a"), "1");
}

TEST_P(CoherentCacheTest, OurOwnWritesAreSeenAtOnce) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  EXPECT_THAT(run(put_task(*coherent_, "a", "2")), IsOk());
  EXPECT_TRUE(is_hit("a"));
  EXPECT_EQ(text("a"), "2");
}

TEST_P(CoherentCacheTest, StatIsAsFreshAsGet) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  put_below("a", "22");
  EXPECT_EQ(run(coherent_->stat(key("a"))).value().value()->size, 1U);
  pass(seconds(5));
  EXPECT_EQ(run(coherent_->stat(key("a"))).value().value()->size, 2U);
}

TEST_P(CoherentCacheTest, ClientMayInsist) {
  use_revalidation(seconds(3'600));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  put_below("a", "2");
  EXPECT_THAT(run(coherent_->read(key("a"), Demand::confirmed)), IsOk());
  EXPECT_EQ(text("a"), "2");
  EXPECT_THAT(run(coherent_->describe(key("not there"), Demand::confirmed)), IsOk());
}

TEST_P(CoherentCacheTest, NobodyInsistsOnTheImmutable) {
  use({.mode = Mode::immutable});
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  EXPECT_THAT(run(coherent_->read(key("a"), Demand::confirmed)), IsOk());
  EXPECT_EQ(questions(), 0U);
}

TEST_P(CoherentCacheTest, ManyReadersAskOneQuestion) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(5));
  below_.hold_answer(StoreCall::stat, "gate");
  std::vector<shoal::testing::Running<Result<std::optional<Object>>>> readers;
  for (int i = 0; i < 100; ++i) readers.push_back(start(coherent_->get(key("a"))));
  EXPECT_EQ(questions(), 1U);
  open("gate");
  for (auto& reader : readers) EXPECT_EQ(text_of(reader.result()), "1");
  EXPECT_EQ(questions(), 1U);
}

TEST_P(CoherentCacheTest, WriteDuringAQuestionIsNotUndoneByItsAnswer) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  put_below("a", "2");
  pass(seconds(5));
  below_.hold_answer(StoreCall::stat, "gate");
  auto reader = start(coherent_->get(key("a")));
  EXPECT_THAT(run(put_task(*coherent_, "a", "3")), IsOk());
  open("gate");
  EXPECT_EQ(text_of(reader.result()), "3");
  EXPECT_TRUE(is_hit("a"));
  EXPECT_EQ(text("a"), "3");
}

TEST_P(CoherentCacheTest, WhatIsSaidToHaveChangedIsComparedBeforeItIsServed) {
  use_revalidation(seconds(3'600));
  put_below("a", "1");
  put_below("b", "1");
  EXPECT_EQ(text("a"), "1");
  EXPECT_EQ(text("b"), "1");
  put_below("a", "2");
  coherent_->doubt(key("a"));
  coherent_->doubt(key("b"));
  coherent_->doubt(key("not cached"));
  EXPECT_FALSE(is_hit("a"));
  EXPECT_EQ(text("a"), "2");
  EXPECT_EQ(text("b"), "1");
  EXPECT_TRUE(is_hit("a"));
  EXPECT_TRUE(is_hit("b"));
  EXPECT_EQ(reads_below(), 3U) << "what had not changed was not read again";
  EXPECT_EQ(coherent_->stats().doubted, 3U);
}

TEST_P(CoherentCacheTest, WhatIsMissingAndSaidToHaveComeIsLookedForAgain) {
  use_revalidation(seconds(3'600));
  EXPECT_EQ(text("a"), std::nullopt);
  put_below("a", "1");
  EXPECT_EQ(text("a"), std::nullopt);
  coherent_->doubt(key("a"));
  EXPECT_EQ(text("a"), "1");
}

TEST_P(CoherentCacheTest, DoubtThatComesDuringAReadIsNotForgotten) {
  use_revalidation(seconds(3'600));
  put_below("a", "1");
  below_.hold_answer(StoreCall::get, "gate");
  auto reader = start(coherent_->get(key("a")));
  put_below("a", "2");
  coherent_->doubt(key("a"));
  open("gate");
  EXPECT_EQ(text_of(reader.result()), "1");
  EXPECT_EQ(text("a"), "2");
}

TEST_P(CoherentCacheTest, DoubtThatComesDuringAQuestionIsNotForgotten) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(5));
  below_.hold_answer(StoreCall::stat, "gate");
  auto reader = start(coherent_->describe(key("a"), Demand::as_promised));
  put_below("a", "2");
  coherent_->doubt(key("a"));
  open("gate");
  EXPECT_THAT(reader.result(), IsOk());
  EXPECT_FALSE(is_hit("a"));
  EXPECT_EQ(text("a"), "2");
}

TEST_P(CoherentCacheTest, DoubtThatComesDuringOurOwnWriteHasItCompared) {
  use_revalidation(seconds(3'600));
  below_.hold_answer(StoreCall::put, "gate");
  auto writer = start(put_task(*coherent_, "a", "1"));
  coherent_->doubt(key("a"));
  open("gate");
  EXPECT_THAT(writer.result(), IsOk());
  EXPECT_FALSE(is_hit("a"));
  EXPECT_EQ(text("a"), "1");
  EXPECT_EQ(reads_below(), 0U) << "it was only compared";
  EXPECT_TRUE(is_hit("a"));
}

TEST_P(CoherentCacheTest, NobodyCanCastDoubtOnWhatIsOwned) {
  use({});
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  coherent_->doubt(key("a"));
  EXPECT_TRUE(is_hit("a"));
}

class UnsettledWriteTest : public CoherentCacheTest {
 protected:
  static MemoryCacheOptions options() {
    MemoryCacheOptions options;
    options.unsettled_time = seconds(60);
    return options;
  }
  UnsettledWriteTest() : CoherentCacheTest(options()) { use({}); }
};

TEST_P(UnsettledWriteTest, MayBeDoneLaterThanItsErrorAndIsSeenThen) {
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  below_.fail(StoreCall::put, ErrorCode::io_error);
  EXPECT_THAT(run(put_task(*coherent_, "a", "2")), HasError(ErrorCode::io_error));
  EXPECT_EQ(text("a"), "1");
  put_below("a", "2");  // now the origin does it
  EXPECT_EQ(text("a"), "2");
  std::uint64_t before = questions();
  EXPECT_EQ(text("a"), "2");
  EXPECT_EQ(questions(), before + 1);
  pass(seconds(60));
  EXPECT_TRUE(is_hit("a"));
}

TEST_P(UnsettledWriteTest, OthersAreNotAskedAbout) {
  put_below("a", "1");
  put_below("b", "1");
  EXPECT_EQ(text("a"), "1");
  EXPECT_EQ(text("b"), "1");
  below_.fail(StoreCall::put, ErrorCode::io_error);
  EXPECT_THAT(run(put_task(*coherent_, "a", "2")), HasError(ErrorCode::io_error));
  below_.fail(StoreCall::put, ErrorCode::overloaded);
  EXPECT_THAT(run(put_task(*coherent_, "b", "2")), HasError(ErrorCode::overloaded));
  EXPECT_TRUE(is_hit("b")) << "that certainly did nothing";
}

TEST_P(CoherentCacheTest, WithoutAnAnswerThereIsAnErrorNotAnOldObject) {
  use_revalidation(seconds(5));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(5));
  for (ErrorCode code : {ErrorCode::closed, ErrorCode::timed_out, ErrorCode::overloaded}) {
    below_.fail(StoreCall::stat, code);
    EXPECT_THAT(read("a"), HasError(code));
  }
  EXPECT_EQ(text("a"), "1");  // it was only not served
  EXPECT_EQ(reads_below(), 1U);
}

TEST_P(CoherentCacheTest, StaleIsServedForAWhileIfTheBucketSaysSo) {
  use_revalidation(seconds(5), seconds(60));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(64));
  below_.fail(StoreCall::stat, ErrorCode::closed);
  EXPECT_EQ(text("a"), "1");
  EXPECT_EQ(coherent_->stats().stale, 1U);
  pass(seconds(1));
  below_.fail(StoreCall::stat, ErrorCode::closed);
  EXPECT_THAT(read("a"), HasError(ErrorCode::closed));
}

TEST_P(CoherentCacheTest, WhatMayNotBeSeenAnyMoreIsNotServedStale) {
  use_revalidation(seconds(5), seconds(60));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  pass(seconds(5));
  below_.fail(StoreCall::stat, ErrorCode::access_denied);
  EXPECT_THAT(read("a"), HasError(ErrorCode::access_denied));
  below_.fail(StoreCall::get, ErrorCode::closed);
  EXPECT_THAT(read("a"), HasError(ErrorCode::closed));  // it was forgotten
}

TEST_P(CoherentCacheTest, EachBucketHasItsOwnRule) {
  CoherenceRules rules = rules_of({.mode = Mode::revalidate});
  rules.buckets["bucket"] = {.mode = Mode::immutable};
  coherent_ = std::make_unique<CoherentCache>(cache_, below_reads_, rules);
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  EXPECT_TRUE(is_hit("a"));
}

TEST_P(CoherentCacheTest, ClosesWhenTheLastQuestionIsAnswered) {
  use_revalidation(seconds(0));
  put_below("a", "1");
  EXPECT_EQ(text("a"), "1");
  below_.hold_answer(StoreCall::stat, "gate");
  auto reader = start(coherent_->get(key("a")));
  auto closing = start(coherent_->close());
  EXPECT_FALSE(closing.done());
  open("gate");
  EXPECT_TRUE(closing.done());
  EXPECT_TRUE(reader.done());
}

SHOAL_TEST_WITH_EVERY_POLICY(CoherentCacheTest);
SHOAL_TEST_WITH_EVERY_POLICY(UnsettledWriteTest);

}  // namespace
}  // namespace shoal::cache::testing
