#include <map>

#include "shoal/cache/memory_cache_test.h"
#include "shoal/model/object_state.h"

namespace shoal::cache {
namespace {

using ::testing::Eq;
using namespace testing;  // NOLINT(google-build-using-namespace): the fixture and its words

class LargeObjectTest : public MemoryCacheTest {
 protected:
  static constexpr std::uint64_t piece = 1'000;
  static MemoryCacheOptions with_pieces() {
    MemoryCacheOptions options;
    options.object_bytes_max = 2'000;
    options.piece_bytes = piece;
    return options;
  }
  LargeObjectTest() : MemoryCacheTest(with_pieces()) {
    ObjectInfo info;
    info.size = text_.size();
    info.etag = test_etag(text_);
    EXPECT_THAT(run(large_.create_bucket(bucket())), IsOk());
    EXPECT_THAT(run(large_.put(key("a"), info, Body::copy_of(text_), WriteCondition())), IsOk());
  }
  static BucketInfo bucket() {
    BucketInfo info;
    info.name = "bucket";
    return info;
  }
  std::string read(const Object& object, std::uint64_t offset, std::uint64_t length) {
    return run(object.reader->read(offset, length)).value().to_string();
  }

  Object open_large(const std::string& name) { return run(large_cache_.get(key(name))).value().value(); }

  const std::string text_ = test_text(10'500);
  shoal::testing::InMemoryStore::Options readers_{.body_bytes_max = 0};
  shoal::testing::InMemoryStore large_{clock_, readers_};
  FaultyStore below_large_{large_};
  MemoryAccount large_account_{"large"};
  MemoryCache large_cache_{below_large_, clock_, large_account_, options_};
};

TEST_P(LargeObjectTest, OnlyThePiecesThatAreAskedForAreRead) {
  Object object = run(large_cache_.get(key("a"))).value().value();
  ASSERT_NE(object.reader, nullptr);
  EXPECT_EQ(read(object, 1'500, 1'000), text_.substr(1'500, 1'000));
  EXPECT_EQ(below_large_.calls(StoreCall::read), 2U);
  EXPECT_EQ(read(object, 1'100, 1'800), text_.substr(1'100, 1'800));
  EXPECT_EQ(below_large_.calls(StoreCall::read), 2U);
  EXPECT_EQ(read(object, 10'400, 100), text_.substr(10'400));
  EXPECT_EQ(large_cache_.stats().missed(MissReason::too_large), 1U);
  EXPECT_EQ(large_cache_.stats().piece_hits, 2U);
}

TEST_P(LargeObjectTest, WhoLooksAtEvictionsSeesPieces) {
  Object object = open_large("a");
  read(object, 1'500, 1'000);
  std::map<std::uint32_t, std::string> shown;
  auto note = [&](const EvictionCandidate& candidate) {
    EXPECT_EQ(candidate.info, nullptr);
    EXPECT_EQ(candidate.piece.state, state_of(*object.info));
    shown[candidate.piece.number] = candidate.body.to_string();
    return true;
  };
  large_cache_.preview_evictions(100'000, note);
  std::map<std::uint32_t, std::string> expected = {{1, text_.substr(1'000, 1'000)}, {2, text_.substr(2'000, 1'000)}};
  EXPECT_EQ(shown, expected);
  shown.clear();
  large_cache_.tell_evictions([&](const EvictionCandidate& candidate) { note(candidate); });
  large_cache_.set_capacity(0);
  large_cache_.tell_evictions(nullptr);
  EXPECT_EQ(shown, expected);
}

TEST_P(LargeObjectTest, PiecesOfAnOldVersionAreNotThoseOfTheNewOne) {
  Object old = run(large_cache_.get(key("a"))).value().value();
  EXPECT_EQ(read(old, 0, 10), text_.substr(0, 10));
  std::string changed = test_text(10'500, 2);
  EXPECT_THAT(run(put_task(large_cache_, "a", changed)), IsOk());
  Object present = run(large_cache_.get(key("a"))).value().value();
  EXPECT_EQ(read(present, 0, 10), changed.substr(0, 10));
  EXPECT_EQ(read(old, 0, 5'000), text_.substr(0, 5'000));
}

TEST_P(LargeObjectTest, SmallObjectBehindAReaderIsCachedWhole) {
  EXPECT_THAT(run(put_task(large_, "small", "body")), IsOk());
  EXPECT_EQ(run(large_cache_.get(key("small"))).value()->body.to_string(), "body");
  EXPECT_TRUE(large_cache_.try_get(key("small")));
}

TEST_P(LargeObjectTest, WhatTheStoreCanOnlyGiveWholeIsCachedWholeUpToItsOwnLimit) {
  MemoryCacheOptions options = with_policy(with_pieces());
  options.whole_bytes_max = 4'000;
  MemoryAccount account("whole");
  MemoryCache cache(below_, clock_, account, options);
  put_below("larger", test_text(4'000));
  put_below("too large", test_text(4'001));
  for (const char* name : {"larger", "too large"}) EXPECT_THAT(run(cache.get(key(name))), IsOk());
  EXPECT_TRUE(cache.try_get(key("larger")));
  EXPECT_FALSE(cache.try_get(key("too large")));
}

TEST_P(LargeObjectTest, PiecesGoWithTheVersionThatTheyAreOf) {
  Object old = open_large("a");
  EXPECT_EQ(read(old, 0, 5'000), text_.substr(0, 5'000));
  std::uint64_t with_pieces = large_account_.bytes();
  EXPECT_THAT(run(put_task(large_cache_, "a", test_text(10'500, 2))), IsOk());
  EXPECT_EQ(large_cache_.stats().pieces_dropped, 5U);
  EXPECT_LT(large_account_.bytes(), with_pieces - 5 * piece);
}

TEST_P(LargeObjectTest, ManyOverwritesHoldTheMemoryOfOneVersion) {
  std::uint64_t before = large_cache_.report().bytes.contents;
  std::uint64_t most = 0;
  for (std::uint64_t version = 2; version < 30; ++version) {
    EXPECT_THAT(run(put_task(large_cache_, "a", test_text(10'500, version))), IsOk());
    Object object = open_large("a");
    EXPECT_EQ(read(object, 0, 10'500), test_text(10'500, version));
    most = std::max(most, large_cache_.report().bytes.contents);
  }
  EXPECT_LT(most - before, 2 * 11 * piece);
}

TEST_P(LargeObjectTest, ReaderOfTheOldVersionCachesNoMoreOfIt) {
  Object old = open_large("a");
  EXPECT_THAT(run(put_task(large_cache_, "a", test_text(10'500, 2))), IsOk());
  EXPECT_EQ(read(old, 0, 3'000), text_.substr(0, 3'000));
  EXPECT_EQ(large_cache_.entry_count(), 0U);
  Object present = open_large("a");
  read(present, 0, 1'000);
  EXPECT_EQ(large_cache_.entry_count(), 1U);
  EXPECT_EQ(read(old, 4'000, 1'000), text_.substr(4'000, 1'000));
  EXPECT_EQ(large_cache_.entry_count(), 1U);
}

TEST_P(LargeObjectTest, PiecesGoWithARemoveAndAnUnknownEffect) {
  read(open_large("a"), 0, 3'000);
  EXPECT_EQ(large_cache_.entry_count(), 3U);
  below_large_.fail_after_effect(StoreCall::put, ErrorCode::io_error);
  EXPECT_THAT(run(put_task(large_cache_, "a", test_text(10'500, 2))), HasError(ErrorCode::io_error));
  EXPECT_EQ(large_cache_.entry_count(), 0U);
  read(open_large("a"), 0, 3'000);
  EXPECT_THAT(run(large_cache_.remove(key("a"), WriteCondition())), IsOkAnd(Eq(true)));
  EXPECT_EQ(large_cache_.entry_count(), 0U);
}

TEST_P(LargeObjectTest, PiecesStayWhenAWriteHadNoEffect) {
  read(open_large("a"), 0, 3'000);
  WriteCondition never;
  never.if_none_match_any = true;
  EXPECT_THAT(run(put_task(large_cache_, "a", "small", never)), HasError(ErrorCode::precondition_failed));
  EXPECT_EQ(large_cache_.entry_count(), 3U);
}

TEST_P(LargeObjectTest, VersionFromElsewhereTakesThePlaceOfTheOldOne) {
  Object old = open_large("a");
  read(old, 0, 3'000);
  EXPECT_THAT(run(put_task(large_, "a", test_text(10'500, 2))), IsOk());
  read(open_large("a"), 0, 1'000);
  EXPECT_EQ(large_cache_.entry_count(), 1U);
  EXPECT_EQ(read(old, 5'000, 1'000), text_.substr(5'000, 1'000)) << "and does not push the new one out";
  EXPECT_EQ(large_cache_.entry_count(), 1U);
}

TEST_P(LargeObjectTest, PiecesOfOtherObjectsStay) {
  EXPECT_THAT(run(put_task(large_, "b", test_text(10'500, 7))), IsOk());
  read(open_large("a"), 0, 10'500);
  read(open_large("b"), 0, 10'500);
  EXPECT_THAT(run(large_cache_.remove(key("a"), WriteCondition())), IsOk());
  EXPECT_EQ(large_cache_.explain(key("a")).pieces, 0U);
  EXPECT_EQ(large_cache_.explain(key("b")).pieces, 11U);
}

SHOAL_TEST_WITH_EVERY_POLICY(LargeObjectTest);

}  // namespace
}  // namespace shoal::cache
