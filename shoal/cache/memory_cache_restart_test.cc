#include "shoal/cache/memory_cache_test.h"

namespace shoal::cache {
namespace {

using ::testing::Eq;
using namespace testing;  // NOLINT(google-build-using-namespace): the fixture and its words

class RestartTest : public MemoryCacheTest {
 protected:
  static MemoryCacheOptions small() {
    MemoryCacheOptions options;
    options.capacity = 200'000;
    options.object_bytes_max = 5'000;
    options.piece_bytes = 2'000;
    options.missing_key_lifetime = std::chrono::milliseconds(0);
    return options;
  }
  RestartTest() : MemoryCacheTest(small()) {}

  /// What the first cache holds goes through the file format into a second one over the same store.
  void restart() {
    SavedCache saved = decode_saved_cache(encode(cache_.save())).value();
    second_.restore(saved);
    ASSERT_LE(second_account_.bytes(), options_.capacity);
  }
  void refill() {
    run(second_.refill(3));
    EXPECT_LE(second_account_.bytes(), options_.capacity);
  }
  std::optional<std::string> hit_in_second(const std::string& name) {
    std::optional<Object> object = second_.try_get(key(name));
    return object ? std::optional(object->body.to_string()) : std::nullopt;
  }
  static std::vector<std::string> names_of(const SavedCache& saved) {
    std::vector<std::string> names;
    for (const SavedCache::Key& key : saved.keys) names.push_back(key.name);
    return names;
  }
  std::optional<std::string> get_from_second(const std::string& name) { return text_of(run(second_.get(key(name)))); }

  MemoryAccount second_account_{"second"};
  MemoryCache second_{below_, clock_, second_account_, options_};
};

TEST_P(RestartTest, WhatWasInMemoryIsThereAgainAfterTheRefill) {
  for (int i = 0; i < 20; ++i) EXPECT_THAT(put(std::to_string(i), test_text(1'000, 1)), IsOk());
  restart();
  EXPECT_EQ(hit_in_second("7"), std::nullopt) << "nothing is served that was not read";
  refill();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(hit_in_second(std::to_string(i)), test_text(1'000, 1));
  EXPECT_EQ(reads_below(), 20U);
  EXPECT_EQ(second_.stats().refilled, 20U);
  EXPECT_EQ(second_.stats().refill_gone, 0U);
}

TEST_P(RestartTest, OrderAndTargetAreThoseFromBefore) {
  if (GetParam() == PolicyKind::worth) GTEST_SKIP() << "it forgets how old entries are";
  for (int i = 0; i < 300; ++i) {
    std::string name = std::to_string(i % 170);
    if (!cache_.try_get(key(name))) {
      EXPECT_THAT(put(name, test_text(1'000)), IsOk());
    }
  }
  restart();
  refill();
  // The list of what to read takes room while it is there, so the coldest may be missing.
  std::vector<std::string> before = names_of(cache_.save());
  std::vector<std::string> after = names_of(second_.save());
  EXPECT_GE(after.size(), before.size() * 9 / 10);
  std::erase_if(before, [&](const std::string& name) { return std::ranges::find(after, name) == after.end(); });
  EXPECT_EQ(after, before);
  EXPECT_NEAR(second_.policy_stats().target, cache_.policy_stats().target, 0.02 * options_.capacity);
}

TEST_P(RestartTest, HottestAreReadFirst) {
  for (int i = 0; i < 10; ++i) EXPECT_THAT(put(std::to_string(i), test_text(1'000)), IsOk());
  get_hit("3");
  restart();
  below_.hold(StoreCall::get, "second read", 2);
  auto refilling = start(second_.refill(1));
  EXPECT_TRUE(hit_in_second("3"));
  EXPECT_FALSE(hit_in_second("9"));
  open("second read");
  EXPECT_TRUE(refilling.done());
}

TEST_P(RestartTest, WhatWasOverwrittenMeanwhileIsReadAsItIsNow) {
  EXPECT_THAT(put("a", "old"), IsOk());
  EXPECT_THAT(put("gone", "old"), IsOk());
  SavedCache saved = cache_.save();
  put_below("a", "new");
  EXPECT_THAT(run(store_.remove(key("gone"), WriteCondition())), IsOkAnd(Eq(true)));
  second_.restore(saved);
  refill();
  EXPECT_EQ(hit_in_second("a"), "new");
  EXPECT_EQ(get_from_second("gone"), std::nullopt);
  EXPECT_EQ(second_.stats().refill_gone, 1U);
  EXPECT_EQ(second_.entry_count(), 1U);
}

TEST_P(RestartTest, ReadOrWriteComesBeforeTheRefill) {
  for (const char* name : {"read", "written", "removed"}) EXPECT_THAT(put(name, "old"), IsOk());
  restart();
  EXPECT_EQ(get_from_second("read"), "old");
  EXPECT_EQ(second_.stats().missed(MissReason::restarted), 1U);
  EXPECT_THAT(run(put_task(second_, "written", "new")), IsOk());
  EXPECT_EQ(hit_in_second("written"), "new");
  EXPECT_THAT(run(second_.remove(key("removed"), WriteCondition())), IsOk());
  refill();
  EXPECT_EQ(hit_in_second("written"), "new");
  EXPECT_EQ(hit_in_second("removed"), std::nullopt);
  EXPECT_EQ(reads_below(), 1U);
}

TEST_P(RestartTest, WriteDuringTheRefillWins) {
  EXPECT_THAT(put("a", "old"), IsOk());
  restart();
  below_.hold_answer(StoreCall::get, "answer");
  auto refilling = start(second_.refill(1));
  EXPECT_THAT(run(put_task(second_, "a", "new")), IsOk());
  open("answer");
  EXPECT_TRUE(refilling.done());
  EXPECT_EQ(hit_in_second("a"), "new");
}

TEST_P(RestartTest, UpdateOfTheInfoOfWhatIsAwaitedServesNoBodyThatWasNotRead) {
  EXPECT_THAT(put("a", "body"), IsOk());
  ObjectInfo info = *cache_.try_get(key("a"))->info;
  restart();
  info.tags = {{"k", "v"}};
  EXPECT_THAT(run(second_.update_info(key("a"), info)), IsOk());
  EXPECT_EQ(hit_in_second("a"), std::nullopt);
  EXPECT_EQ(get_from_second("a"), "body");
}

TEST_P(RestartTest, FailedReadsAreGivenUp) {
  EXPECT_THAT(put("a", "body"), IsOk());
  restart();
  below_.fail(StoreCall::get, ErrorCode::io_error);
  refill();
  EXPECT_EQ(second_.entry_count(), 0U);
  EXPECT_EQ(get_from_second("a"), "body");
}

TEST_P(RestartTest, CloseEndsTheRefill) {
  for (int i = 0; i < 10; ++i) EXPECT_THAT(put(std::to_string(i), "body"), IsOk());
  restart();
  below_.hold(StoreCall::get, "read");
  auto refilling = start(second_.refill(1));
  auto closing = start(second_.close());
  EXPECT_FALSE(closing.done());
  open("read");
  EXPECT_TRUE(refilling.done());
  EXPECT_TRUE(closing.done());
  EXPECT_EQ(reads_below(), 1U);
}

TEST_P(RestartTest, SmallerCacheTakesTheHottestThatFit) {
  if (GetParam() == PolicyKind::duel) GTEST_SKIP() << "it looks at the hits of new entries when their turn has come";
  for (int i = 0; i < 100; ++i) EXPECT_THAT(put(std::to_string(i), test_text(1'000)), IsOk());
  for (int i = 0; i < 10; ++i) get_hit(std::to_string(i));
  MemoryCacheOptions options = options_;
  options.capacity = 40'000;
  MemoryAccount account("smaller");
  MemoryCache smaller(below_, clock_, account, options);
  smaller.restore(cache_.save());
  EXPECT_LE(account.bytes(), options.capacity);
  run(smaller.refill(2));
  EXPECT_LE(account.bytes(), options.capacity);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(smaller.try_get(key(std::to_string(i)))) << i;
}

class LargeRestartTest : public RestartTest {
 protected:
  shoal::testing::InMemoryStore readers_{clock_, {.body_bytes_max = 0}};
  FaultyStore below_readers_{readers_};
  MemoryAccount first_account_{"first"}, after_account_{"after"};
  MemoryCache first_{below_readers_, clock_, first_account_, options_};
  MemoryCache after_{below_readers_, clock_, after_account_, options_};
  const std::string text_ = test_text(9'000);

  LargeRestartTest() {
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(run(first_.create_bucket(bucket)), IsOk());
    EXPECT_THAT(run(put_task(first_, "large", text_)), IsOk());
    Object object = run(first_.get(key("large"))).value().value();
    EXPECT_THAT(run(object.reader->read(2'500, 3'000)), IsOk());
  }
};

TEST_P(LargeRestartTest, PiecesComeBackToo) {
  after_.restore(first_.save());
  run(after_.refill(2));
  EXPECT_EQ(after_.stats().refilled, 2U);
  std::uint64_t reads = below_readers_.calls(StoreCall::read);
  Object object = run(after_.get(key("large"))).value().value();
  EXPECT_EQ(run(object.reader->read(2'500, 3'000)).value().to_string(), text_.substr(2'500, 3'000));
  EXPECT_EQ(below_readers_.calls(StoreCall::read), reads);
}

TEST_P(LargeRestartTest, PiecesOfAnotherVersionDoNot) {
  SavedCache saved = first_.save();
  EXPECT_THAT(run(put_task(readers_, "large", test_text(9'000, 2))), IsOk());
  after_.restore(saved);
  run(after_.refill(2));
  EXPECT_EQ(after_.entry_count(), 0U);
  EXPECT_EQ(after_.stats().refill_gone, 2U);
}

SHOAL_TEST_WITH_EVERY_POLICY(RestartTest);
SHOAL_TEST_WITH_EVERY_POLICY(LargeRestartTest);

}  // namespace
}  // namespace shoal::cache
