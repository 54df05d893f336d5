#include "shoal/cache/memory_cache_test.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

namespace shoal::cache {
namespace {

using ::testing::Eq;
using namespace testing;  // NOLINT(google-build-using-namespace): the fixture and its words

// --- hits

TEST_P(MemoryCacheTest, SecondReadComesFromMemory) {
  put_below("a", "body");
  EXPECT_EQ(get_hit("a"), std::nullopt);
  EXPECT_EQ(get("a"), "body");
  EXPECT_EQ(get_hit("a"), "body");
  EXPECT_EQ(get("a"), "body");
  EXPECT_EQ(reads_below(), 1U);
  EXPECT_EQ(cache_.stats().hits, 2U);
  EXPECT_EQ(missed(MissReason::cold), 1U);
}

TEST_P(MemoryCacheTest, PutIsInMemoryAtOnce) {
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_EQ(get_hit("a"), "body");
  EXPECT_EQ(reads_below(), 0U);
}

TEST_P(MemoryCacheTest, SmallBodyThroughAWriterIsInMemoryAtOnce) {
  auto writer = run(cache_.begin_put(key("a")));
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(run((*writer)->write(Body::copy_of("one "))), IsOk());
  EXPECT_THAT(run((*writer)->write(Body::copy_of("two"))), IsOk());
  ObjectInfo info;
  info.size = 7;
  EXPECT_THAT(run((*writer)->commit(info, WriteCondition())), IsOk());
  EXPECT_EQ(get_hit("a"), "one two");
}

TEST_P(MemoryCacheTest, StatIsAnsweredFromMemory) {
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_EQ(run(cache_.stat(key("a"))).value().value()->etag, test_etag("body"));
  EXPECT_EQ(get("missing"), std::nullopt);
  EXPECT_THAT(run(cache_.stat(key("missing"))), IsOkAnd(Eq(std::nullopt)));
  EXPECT_EQ(below_.calls(StoreCall::stat), 0U);
}

TEST_P(MemoryCacheTest, BodyIsOneBlockOfTheRightSizeChargedToTheCache) {
  Body pieces;
  for (int i = 0; i < 10; ++i) pieces.append(Body::copy_of("0123456789"));
  ObjectInfo info;
  info.size = 100;
  std::uint64_t before = account_.bytes();
  EXPECT_THAT(run(cache_.put(key("a"), info, pieces, WriteCondition())), IsOk());
  Object object = cache_.try_get(key("a")).value();
  EXPECT_TRUE(object.body.is_contiguous());
  EXPECT_GE(account_.bytes(), before + 100 + sizeof(ObjectInfo) + sizeof(Entry));
}

// --- single flight

TEST_P(MemoryCacheTest, ManyReadersAreOneReadBelow) {
  put_below("a", "body");
  below_.hold(StoreCall::get, "gate");
  std::vector<shoal::testing::Running<Result<std::optional<Object>>>> readers;
  for (int i = 0; i < 20; ++i) readers.push_back(start(cache_.get(key("a"))));
  EXPECT_EQ(reads_below(), 1U);
  open("gate");
  for (auto& reader : readers) EXPECT_EQ(text_of(reader.result()), "body");
  EXPECT_EQ(reads_below(), 1U);
  EXPECT_EQ(cache_.stats().shared, 19U);
}

TEST_P(MemoryCacheTest, FailedFillWakesEveryWaiterWithTheErrorAndCachesNothing) {
  put_below("a", "body");
  below_.hold(StoreCall::get, "gate");
  below_.fail(StoreCall::get, ErrorCode::io_error);
  auto first = start(cache_.get(key("a")));
  auto second = start(cache_.get(key("a")));
  open("gate");
  EXPECT_THAT(first.result(), HasError(ErrorCode::io_error));
  EXPECT_THAT(second.result(), HasError(ErrorCode::io_error));
  EXPECT_EQ(missed(MissReason::failed), 2U);
  EXPECT_EQ(get("a"), "body");
  EXPECT_EQ(reads_below(), 2U);
}

TEST_P(MemoryCacheTest, WaiterThatGivesUpDoesNotCancelTheOthers) {
  put_below("a", "body");
  below_.hold(StoreCall::get, "gate");
  boost::asio::cancellation_signal signal;
  bool gone = false;
  boost::asio::co_spawn(loop_, cache_.get(key("a")),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [&](std::exception_ptr, Result<std::optional<Object>>) { gone = true; }));
  go_on();
  auto second = start(cache_.get(key("a")));
  signal.emit(boost::asio::cancellation_type::terminal);
  go_on();
  EXPECT_TRUE(gone);
  EXPECT_FALSE(second.done());
  open("gate");
  EXPECT_EQ(text_of(second.result()), "body");
  EXPECT_EQ(get_hit("a"), "body");
  EXPECT_EQ(reads_below(), 1U);
}

TEST_P(MemoryCacheTest, CloseWaitsForReadsThatNobodyWaitsFor) {
  put_below("a", "body");
  below_.hold(StoreCall::get, "gate");
  auto reader = start(cache_.get(key("a")));
  auto closing = start(cache_.close());
  EXPECT_FALSE(closing.done());
  EXPECT_THAT(run(cache_.get(key("b"))), HasError(ErrorCode::closed));
  open("gate");
  EXPECT_TRUE(closing.done());
  EXPECT_EQ(text_of(reader.result()), "body");
}

// --- fills and writes that meet

TEST_P(MemoryCacheTest, FillIsDroppedWhenAWriteStartsDuringIt) {
  put_below("a", "old");
  below_.hold_answer(StoreCall::get, "slow read");
  auto reader = start(cache_.get(key("a")));
  EXPECT_THAT(put("a", "new"), IsOk());
  open("slow read");
  EXPECT_EQ(text_of(reader.result()), "old");
  EXPECT_EQ(get_hit("a"), "new");
  EXPECT_EQ(missed(MissReason::changed), 1U);
}

TEST_P(MemoryCacheTest, FillIsDroppedWhenAWriteStartsDuringItAndFails) {
  put_below("a", "old");
  below_.hold_answer(StoreCall::get, "slow read");
  auto reader = start(cache_.get(key("a")));
  below_.fail_after_effect(StoreCall::put, ErrorCode::timed_out);
  EXPECT_THAT(put("a", "new"), HasError(ErrorCode::timed_out));
  open("slow read");
  EXPECT_EQ(text_of(reader.result()), "old");
  EXPECT_EQ(get("a"), "new");
}

TEST_P(MemoryCacheTest, FillNeverOverwritesANewerVersion) {
  put_below("a", "old");
  below_.hold_answer(StoreCall::get, "slow read");
  auto slow = start(cache_.get(key("a")));
  // A listing while something is written: who comes later reads for himself.
  below_.hold(StoreCall::put, "slow write");
  auto writer = start(put_task(cache_, "b", "body"));
  ListRequest request;
  request.bucket = "bucket";
  EXPECT_THAT(run(cache_.list(request)), IsOk());
  put_below("a", "new");
  EXPECT_EQ(get("a"), "new");
  open("slow read");
  EXPECT_EQ(text_of(slow.result()), "old");
  EXPECT_EQ(get_hit("a"), "new");
  open("slow write");
  EXPECT_THAT(writer.result(), IsOk());
}

TEST_P(MemoryCacheTest, ReaderAfterAWriteDoesNotJoinAReadFromBeforeIt) {
  put_below("a", "old");
  below_.hold_answer(StoreCall::get, "slow read");
  auto early = start(cache_.get(key("a")));
  EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOkAnd(Eq(true)));
  auto late = start(cache_.get(key("a")));
  EXPECT_EQ(text_of(late.result()), std::nullopt);
  open("slow read");
  EXPECT_EQ(text_of(early.result()), "old");
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(MemoryCacheTest, CachedVersionIsRevokedBeforeTheWriteBelowStarts) {
  EXPECT_THAT(put("a", "old"), IsOk());
  below_.hold(StoreCall::put, "slow write");
  auto writer = start(put_task(cache_, "a", "new"));
  EXPECT_EQ(get_hit("a"), std::nullopt);
  EXPECT_EQ(get("a"), "old");  // from below, where it is still the present one
  EXPECT_EQ(cache_.stats().bypasses, 1U);
  EXPECT_EQ(get_hit("a"), std::nullopt);
  open("slow write");
  EXPECT_THAT(writer.result(), IsOk());
  EXPECT_EQ(get_hit("a"), "new");
}

TEST_P(MemoryCacheTest, NobodyReadsTheOldVersionAfterSomebodySawTheNewOne) {
  EXPECT_THAT(put("a", "old"), IsOk());
  below_.hold(StoreCall::put, "before");
  below_.hold_answer(StoreCall::put, "after");
  below_.hold_answer(StoreCall::get, "slow read");
  auto writer = start(put_task(cache_, "a", "new"));
  auto slow = start(cache_.get(key("a")));  // has read the old version; its answer is on the way
  open("before");                           // the new version is there; the writer does not know yet
  EXPECT_EQ(run(cache_.stat(key("a"))).value().value()->etag, test_etag("new"));
  EXPECT_EQ(get("a"), "new");
  open("slow read");
  EXPECT_EQ(text_of(slow.result()), "old");
  EXPECT_EQ(get("a"), "new");
  open("after");
  EXPECT_THAT(writer.result(), IsOk());
  EXPECT_EQ(get_hit("a"), "new");
}

TEST_P(MemoryCacheTest, NothingIsCachedAfterTwoWritesThatOverlap) {
  below_.hold_answer(StoreCall::put, "first");
  auto first = start(put_task(cache_, "a", "first"));
  EXPECT_THAT(put("a", "second"), IsOk());
  EXPECT_EQ(get_hit("a"), std::nullopt);
  open("first");
  EXPECT_THAT(first.result(), IsOk());
  EXPECT_EQ(get_hit("a"), std::nullopt);
  EXPECT_EQ(get("a"), "second");
  EXPECT_EQ(get_hit("a"), "second");
}

TEST_P(MemoryCacheTest, NothingIsCachedAfterAnErrorThatLeavesTheEffectOpen) {
  for (ErrorCode code : {ErrorCode::io_error, ErrorCode::timed_out, ErrorCode::closed}) {
    EXPECT_THAT(put("a", "old"), IsOk());
    below_.fail_after_effect(StoreCall::put, code);
    EXPECT_THAT(put("a", "new"), HasError(code));
    EXPECT_EQ(get_hit("a"), std::nullopt);
    EXPECT_EQ(get("a"), "new");
  }
}

TEST_P(MemoryCacheTest, OldVersionIsServedAgainAfterAnErrorWithoutEffect) {
  EXPECT_THAT(put("a", "old"), IsOk());
  WriteCondition absent;
  absent.if_none_match_any = true;
  EXPECT_THAT(put("a", "new", absent), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(get_hit("a"), "old");
  EXPECT_EQ(reads_below(), 0U);
}

TEST_P(MemoryCacheTest, WriterThatGivesUpLeavesNothingCached) {
  EXPECT_THAT(put("a", "old"), IsOk());
  below_.hold(StoreCall::put, "never");
  {
    boost::asio::io_context short_loop;
    auto writer = start_task(short_loop, put_task(cache_, "a", "new"));
    shoal::testing::run_until_idle(short_loop);
    EXPECT_EQ(get_hit("a"), std::nullopt);
    below_.open("never");
  }
  EXPECT_EQ(get_hit("a"), std::nullopt);
  EXPECT_EQ(get("a"), "old");
  EXPECT_EQ(get_hit("a"), "old");
}

TEST_P(MemoryCacheTest, UpdateOfTheInfoKeepsTheBodyInMemory) {
  EXPECT_THAT(put("a", "body"), IsOk());
  ObjectInfo info = *cache_.try_get(key("a"))->info;
  info.tags = {{"k", "v"}};
  EXPECT_THAT(run(cache_.update_info(key("a"), info)), IsOk());
  Object object = cache_.try_get(key("a")).value();
  EXPECT_EQ(object.body.to_string(), "body");
  EXPECT_EQ(object.info->tags, info.tags);
}

TEST_P(MemoryCacheTest, WhatIsInMemoryIsDescribedAtOnce) {
  EXPECT_EQ(cache_.try_stat(key("a")), nullptr);
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_EQ(cache_.try_stat(key("a"))->size, 4U);
  EXPECT_EQ(cache_.stats().stat_hits, 1U);
  EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOk());
  EXPECT_EQ(cache_.try_stat(key("a")), nullptr);
}

TEST_P(MemoryCacheTest, RemovedObjectIsGoneAndItsReadersKeepIt) {
  EXPECT_THAT(put("a", "body"), IsOk());
  Object pinned = cache_.try_get(key("a")).value();
  EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOkAnd(Eq(true)));
  EXPECT_EQ(get_hit("a"), std::nullopt);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(pinned.body.to_string(), "body");
}

// --- missing keys

TEST_P(MemoryCacheTest, MissingKeyIsRememberedUntilItIsWritten) {
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(reads_below(), 1U);
  EXPECT_TRUE(cache_.is_known_missing(key("a")));
  EXPECT_EQ(cache_.stats().negative_hits, 2U);
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_FALSE(cache_.is_known_missing(key("a")));
  EXPECT_EQ(get("a"), "body");
}

TEST_P(MemoryCacheTest, KeyThatAQuestionFoundMissingIsRememberedToo) {
  EXPECT_THAT(run(cache_.stat(key("a"))), IsOkAnd(Eq(std::nullopt)));
  EXPECT_TRUE(cache_.is_known_missing(key("a")));
  EXPECT_THAT(run(cache_.stat(key("a"))), IsOkAnd(Eq(std::nullopt)));
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(below_.calls(StoreCall::stat), 1U);
  EXPECT_EQ(reads_below(), 0U);
  clock_.advance(options_.missing_key_lifetime);
  for (int i = 0; i < 2; ++i) EXPECT_THAT(run(cache_.stat(key("a"))), IsOkAnd(Eq(std::nullopt)));
  EXPECT_EQ(below_.calls(StoreCall::stat), 2U);
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_EQ(get_hit("a"), "body");
}

TEST_P(MemoryCacheTest, QuestionThatAWriteOvertookIsNotRemembered) {
  below_.hold_answer(StoreCall::stat, "slow answer");
  auto asker = start(cache_.stat(key("a")));
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOkAnd(Eq(true)));
  put_below("a", "from elsewhere");
  open("slow answer");
  EXPECT_THAT(asker.result(), IsOkAnd(Eq(std::nullopt)));
  EXPECT_EQ(get("a"), "from elsewhere");
}

TEST_P(MemoryCacheTest, QuestionDoesNotUndoWhatAReadBroughtMeanwhile) {
  below_.hold_answer(StoreCall::stat, "slow answer");
  auto asker = start(cache_.stat(key("a")));
  put_below("a", "from elsewhere");
  EXPECT_EQ(get("a"), "from elsewhere");
  open("slow answer");
  EXPECT_THAT(asker.result(), IsOkAnd(Eq(std::nullopt)));
  EXPECT_EQ(get_hit("a"), "from elsewhere");
}

TEST_P(MemoryCacheTest, QuestionThatNobodyWaitsForEnds) {
  below_.hold(StoreCall::stat, "gate");
  boost::asio::cancellation_signal signal;
  bool gone = false;
  boost::asio::co_spawn(
      loop_, cache_.stat(key("a")),
      boost::asio::bind_cancellation_slot(
          signal.slot(), [&](std::exception_ptr, Result<std::optional<ObjectInfoPtr>>) { gone = true; }));
  go_on();
  auto closing = start(cache_.close());
  EXPECT_FALSE(closing.done());
  signal.emit(boost::asio::cancellation_type::terminal);
  go_on();
  open("gate");
  EXPECT_TRUE(gone);
  EXPECT_TRUE(closing.done());
}

TEST_P(MemoryCacheTest, MissingKeyIsAskedForAgainAfterItsLifetime) {
  EXPECT_EQ(get("a"), std::nullopt);
  put_below("a", "from elsewhere");
  clock_.advance(options_.missing_key_lifetime - std::chrono::milliseconds(1));
  EXPECT_EQ(get("a"), std::nullopt);
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(get("a"), "from elsewhere");
  EXPECT_EQ(missed(MissReason::expired), 1U);
}

TEST_P(MemoryCacheTest, KeyOfARemovedBucketIsNotMissingButItsBucketIs) {
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_THAT(run(cache_.remove_bucket("bucket")), IsOk());
  EXPECT_THAT(run(cache_.get(key("a"))), HasError(ErrorCode::no_such_bucket));
}

// --- budget

class SmallCacheTest : public MemoryCacheTest {
 protected:
  static constexpr std::uint64_t capacity = 100'000;
  static MemoryCacheOptions with_capacity() {
    MemoryCacheOptions options;
    options.capacity = capacity;
    return options;
  }
  SmallCacheTest() : MemoryCacheTest(with_capacity()) {}
};

TEST_P(SmallCacheTest, BudgetHoldsAtEveryStep) {
  for (int i = 0; i < 2'000; ++i) {
    EXPECT_THAT(put(std::to_string(i % 300), test_text(static_cast<std::size_t>(i * 37 % 3'000))), IsOk());
    ASSERT_LE(account_.bytes(), capacity) << i;
  }
  EXPECT_GT(account_.bytes(), capacity / 2);
}

TEST_P(SmallCacheTest, BodiesThatAreReadCountUntilTheirReadersAreDone) {
  std::vector<Object> readers;
  for (int i = 0; i < 200; ++i) {
    std::string name = std::to_string(i);
    put_below(name, test_text(2'000));
    readers.push_back(run(cache_.get(key(name))).value().value());
    ASSERT_LE(account_.bytes(), capacity);
  }
  EXPECT_GT(missed(MissReason::refused), 0U);
  EXPECT_GT(cache_.pinned_bytes(), capacity / 2);
  readers.clear();
  EXPECT_EQ(cache_.pinned_bytes(), 0U);
  put_below("late", test_text(2'000));
  EXPECT_TRUE(get("late").has_value());
  EXPECT_TRUE(get_hit("late").has_value());
}

TEST_P(SmallCacheTest, OldVersionsThatAreReadCountToo) {
  std::vector<Object> readers;
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(put("a", test_text(5'000, static_cast<std::uint64_t>(i))), IsOk());
    if (std::optional<Object> object = cache_.try_get(key("a"))) readers.push_back(*object);
    ASSERT_LE(account_.bytes(), capacity);
  }
  EXPECT_GT(readers.size(), 10U);
  EXPECT_LT(readers.size(), 25U);
  readers.clear();
  EXPECT_THAT(put("a", "small again"), IsOk());
  EXPECT_EQ(get_hit("a"), "small again");
}

TEST_P(SmallCacheTest, WhatIsReadIsNotEvicted) {
  EXPECT_THAT(put("kept", test_text(1'000)), IsOk());
  std::optional<Object> reader = cache_.try_get(key("kept"));
  for (int i = 0; i < 300; ++i) EXPECT_THAT(put(std::to_string(i), test_text(2'000)), IsOk());
  EXPECT_TRUE(get_hit("kept"));
}

TEST_P(SmallCacheTest, EvictedObjectIsAMissOfItsOwnKind) {
  if (GetParam() == PolicyKind::worth) GTEST_SKIP() << "it has no ghosts, and keeps the small one";
  EXPECT_THAT(put("a", test_text(1'000)), IsOk());
  EXPECT_TRUE(get_hit("a"));
  for (int i = 0; i < 60; ++i) {
    EXPECT_THAT(put(std::to_string(i), test_text(2'000)), IsOk());
    EXPECT_TRUE(get_hit(std::to_string(i)));
  }
  EXPECT_EQ(get_hit("a"), std::nullopt);
  EXPECT_TRUE(get("a"));
  EXPECT_EQ(missed(MissReason::evicted), 1U);
  EXPECT_EQ(cache_.policy_stats().frequent_ghost_hits, 1U);
}

TEST_P(SmallCacheTest, CapacityChangesAtRunTime) {
  for (int i = 0; i < 100; ++i) EXPECT_THAT(put(std::to_string(i), test_text(1'000)), IsOk());
  cache_.set_capacity(20'000);
  EXPECT_LE(account_.bytes(), 20'000U);
  cache_.set_capacity(0);
  EXPECT_THAT(put("a", "body"), IsOk());
  EXPECT_EQ(get("a"), "body");
  EXPECT_EQ(get_hit("a"), std::nullopt);
  cache_.set_capacity(50'000);
  EXPECT_EQ(get("a"), "body");
  EXPECT_EQ(get_hit("a"), "body");
}

TEST_P(SmallCacheTest, ObjectLargerThanTheCacheIsNotCached) {
  EXPECT_THAT(put("small", "body"), IsOk());
  EXPECT_THAT(put("large", test_text(capacity)), IsOk());
  EXPECT_EQ(get_hit("large"), std::nullopt);
  EXPECT_EQ(get_hit("small"), "body");
  EXPECT_EQ(get("large"), test_text(capacity));
  EXPECT_EQ(missed(MissReason::too_large), 1U);
}

TEST(MemoryCacheLifeTest, EverythingIsReleasedAtItsEnd) {
  MemoryAccount account("cache");
  boost::asio::io_context loop;
  shoal::testing::InMemoryStore store;
  Body outlives;
  {
    MemoryCache cache(store, system_clock(), account, MemoryCacheOptions());
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(shoal::testing::run_task(loop, cache.create_bucket(bucket)), IsOk());
    ObjectInfo info;
    info.size = 4;
    EXPECT_THAT(
        shoal::testing::run_task(loop, cache.put({"bucket", "a"}, info, Body::copy_of("body"), WriteCondition())),
        IsOk());
    outlives = cache.try_get(ObjectKey{"bucket", "a"})->body;
  }
  EXPECT_EQ(outlives.to_string(), "body");
  EXPECT_EQ(account.bytes(), BufferRef::charged_bytes(4));
  outlives = {};
  EXPECT_EQ(account.bytes(), 0U);
}

SHOAL_TEST_WITH_EVERY_POLICY(MemoryCacheTest);
SHOAL_TEST_WITH_EVERY_POLICY(SmallCacheTest);

}  // namespace
}  // namespace shoal::cache
