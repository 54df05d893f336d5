#include "shoal/flash/flash_cache.h"

#include <gtest/gtest.h>

#include "shoal/flash/flash_cache_test.h"

namespace shoal::flash {
namespace {

TEST_F(FlashCacheTest, WhatIsFedIsReadFromFlash) {
  open();
  for (const char* text : {"", "x", "a text"}) {
    std::string name = std::string("of ") + text;
    put_on_flash(name, text);
    EXPECT_EQ(read(name).text, text);
    EXPECT_TRUE(read(name).from_flash);
  }
  std::string large = test_text(15'000);
  put_on_flash("large", large);
  EXPECT_EQ(read("large").text, large);
  EXPECT_EQ(reads_below(), 0U);
  EXPECT_EQ(flash_->stats().hits, 7U);
}

TEST_F(FlashCacheTest, AllThatIsKnownOfAnObjectComesBack) {
  open();
  ObjectInfo info = info_of("text");
  info.headers = {{"content-type", "text/plain"}};
  info.user_metadata = {{"color", "blue"}};
  info.tags = {{"a", "b"}};
  EXPECT_THAT(run(store_.put(key("a"), info, Body::copy_of("text"), WriteCondition())), IsOk());
  add_to_tail("a");
  feed();
  auto object = run(flash_->get(key("a")));
  auto original = run(store_.get(key("a")));
  EXPECT_TRUE((*object)->from_flash);
  EXPECT_EQ(*(*object)->info, *(*original)->info);
}

TEST_F(FlashCacheTest, WhatIsThereIsNotWrittenAgain) {
  open();
  put_on_flash("a", "1");
  put_on_flash("a", "1");  // another version of the same state
  EXPECT_EQ(flash_->stats().objects_written, 1U);
  clock_.advance(seconds(1));
  put_on_flash("a", "2");
  EXPECT_EQ(flash_->stats().objects_written, 2U);
  EXPECT_EQ(read("a").text, "2");
  EXPECT_TRUE(read("a").from_flash);
}

TEST_F(FlashCacheTest, OnlySizesThatAreWantedAreWritten) {
  options_.object_bytes_min = 10;
  options_.object_bytes_max = 20;
  open();
  put_on_flash("small", test_text(9));
  put_on_flash("fits", test_text(10));
  put_on_flash("fits too", test_text(20));
  put_on_flash("large", test_text(21));
  EXPECT_FALSE(is_on_flash("small"));
  EXPECT_TRUE(is_on_flash("fits"));
  EXPECT_TRUE(is_on_flash("fits too"));
  EXPECT_FALSE(is_on_flash("large"));
}

TEST_F(FlashCacheTest, ATurnWritesNoMoreThanItMay) {
  open();
  for (int i = 0; i < 20; ++i) {
    put_below(std::to_string(i), test_text(1'000));
    add_to_tail(std::to_string(i));
  }
  std::uint64_t written = feed(5'000);
  EXPECT_GE(written, 5'000U);
  EXPECT_LT(written, 5'000U + 1'200U);
  EXPECT_EQ(flash_->stats().write_waits, 1U);
}

TEST_F(FlashCacheTest, WhatLeavesMemoryBetweenTwoTurnsIsWrittenInTheNextOne) {
  open();
  feed(5'000);
  for (int i = 0; i < 10; ++i) {
    put_below(std::to_string(i), test_text(1'000, static_cast<std::uint64_t>(i)));
    add_to_tail(std::to_string(i));
  }
  std::vector<Tail::Copy> evicted = std::exchange(tail_.copies, {});
  for (const Tail::Copy& copy : evicted) {
    flash_->keep_evicted({ObjectKeyView(copy.key), copy.object.info.get(), copy.object.body, copy.age});
  }
  EXPECT_EQ(flash_->stats().lost, 5U);  // more than a turn writes
  EXPECT_THAT(put("1", "new"), IsOk());
  feed();
  EXPECT_FALSE(is_on_flash("1"));
  for (int i : {0, 2, 3, 4}) {
    EXPECT_EQ(read(std::to_string(i)).text, test_text(1'000, static_cast<std::uint64_t>(i)));
    EXPECT_TRUE(read(std::to_string(i)).from_flash);
  }
  EXPECT_FALSE(is_on_flash("5"));
}

// --- writes

TEST_F(FlashCacheTest, AWriteRevokesTheCopyBeforeTheStoreBelowIsAsked) {
  open();
  put_on_flash("a", "1");
  below_.hold(StoreCall::put, "gate");
  auto writing = start(put_task(*flash_, "a", "2"));
  EXPECT_FALSE(is_on_flash("a"));
  EXPECT_EQ(read("a"), (Read{"1", false, milliseconds(0)}));
  below_.open("gate");
  go_on();
  EXPECT_THAT(writing.result(), IsOk());
  EXPECT_EQ(read("a").text, "2");
}

TEST_F(FlashCacheTest, EveryKindOfWriteRevokes) {
  open();
  auto expect_revoked = [&](auto write) {
    put_on_flash("a", "1");
    ASSERT_TRUE(is_on_flash("a"));
    write();
    EXPECT_FALSE(is_on_flash("a"));
    clock_.advance(seconds(1));
  };
  expect_revoked([&] { EXPECT_THAT(run(flash_->remove(key("a"), WriteCondition())), IsOk()); });
  expect_revoked([&] { EXPECT_THAT(run(flash_->update_info(key("a"), info_of("1"))), IsOk()); });
  expect_revoked([&] {
    auto writer = run(flash_->begin_put(key("a")));
    EXPECT_THAT(run((*writer)->write(Body::copy_of("2"))), IsOk());
    EXPECT_TRUE(is_on_flash("a"));
    EXPECT_THAT(run((*writer)->commit(info_of("2"), WriteCondition())), IsOk());
  });
  expect_revoked([&] {
    UploadKey upload{key("a"), *run(flash_->create_upload(key("a"), ObjectInfo()))};
    PartInfo part;
    part.number = 1;
    part.size = 1;
    part.etag = test_etag("3");
    auto stored = run(flash_->put_part(upload, part, Body::copy_of("3")));
    ObjectInfo info;
    info.size = 1;
    info.etag = "x-1";
    info.parts = {*stored};
    EXPECT_THAT(run(flash_->complete_upload(upload, info, WriteCondition())), IsOk());
  });
}

TEST_F(FlashCacheTest, NothingIsTakenInWhileAWriteRuns) {
  open();
  put_below("a", "1");
  add_to_tail("a");
  below_.hold_answer(StoreCall::put, "gate");
  auto writing = start(put_task(*flash_, "a", "2"));
  feed();
  EXPECT_FALSE(is_on_flash("a"));
  below_.open("gate");
  go_on();
  EXPECT_THAT(writing.result(), IsOk());
}

TEST_F(FlashCacheTest, AWriteCancelsWhatIsOnItsWayToFlash) {
  open();
  put_below("a", "1");
  put_below("b", "1");
  add_to_tail("a");
  add_to_tail("b");
  auto feeding = testing::start_task(loop_, flash_->feed(&tail_, 1_GiB));
  std::uint64_t begun = disk_->operations();
  loop_.restart();
  while (disk_->operations() < begun + 4) ASSERT_EQ(loop_.run_one(), 1U);  // open, preallocate, header: now the records
  EXPECT_FALSE(feeding.done());
  auto writing = testing::start_task(loop_, put_task(*flash_, "a", "2"));
  go_on();
  EXPECT_TRUE(feeding.done());
  EXPECT_THAT(writing.result(), IsOk());
  EXPECT_FALSE(is_on_flash("a"));
  EXPECT_TRUE(is_on_flash("b"));
}

// --- ages

TEST_F(FlashCacheTest, ACopyIsAsOldAsItsLastConfirmation) {
  limits_.max_age = seconds(10);
  open();
  clock_.advance(seconds(100));
  put_below("a", "1");
  add_to_tail("a", seconds(3));
  feed();
  clock_.advance(seconds(2));
  Read first = read("a");
  EXPECT_TRUE(first.from_flash);
  EXPECT_GE(first.age, seconds(5));
  EXPECT_LE(first.age, milliseconds(5'100));
  EXPECT_EQ(questions(), 0U);
  clock_.advance(seconds(5));
  EXPECT_EQ(read("a"), (Read{"1", true, milliseconds(0)}));
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(reads_below(), 0U);
  clock_.advance(seconds(5));
  EXPECT_TRUE(read("a").from_flash);
  EXPECT_EQ(questions(), 1U);
}

TEST_F(FlashCacheTest, WhatChangedBelowIsReadAnew) {
  limits_.max_age = seconds(10);
  open();
  put_on_flash("a", "1");
  put_on_flash("b", "1");
  put_below("a", "2");
  EXPECT_THAT(run(store_.remove(key("b"), WriteCondition())), IsOk());
  EXPECT_EQ(read("a").text, "1");
  clock_.advance(seconds(10));
  EXPECT_EQ(read("a"), (Read{"2", false, milliseconds(0)}));
  EXPECT_EQ(read("b"), Read());
  EXPECT_FALSE(is_on_flash("a"));
  EXPECT_EQ(flash_->stats().dropped(DropReason::changed), 2U);
}

TEST_F(FlashCacheTest, WhoAsksTheStoreBelowRenewsTheCopyOrDropsIt) {
  limits_.max_age = seconds(10);
  open();
  put_on_flash("a", "1");
  ObjectInfoPtr known = *run(store_.stat(key("a"))).value();
  clock_.advance(seconds(9));
  EXPECT_THAT(run(flash_->get_unless(key("a"), known)), IsOk());
  clock_.advance(seconds(9));
  EXPECT_TRUE(read("a").from_flash);
  EXPECT_EQ(questions(), 1U);
  put_below("a", "2");
  EXPECT_THAT(run(flash_->stat(key("a"))), IsOk());
  EXPECT_FALSE(is_on_flash("a"));
}

TEST_F(FlashCacheTest, WhatIsDoubtedIsComparedFirst) {
  open();
  put_on_flash("a", "1");
  flash_->doubt(key("a"));
  EXPECT_TRUE(read("a").from_flash);
  EXPECT_EQ(questions(), 1U);
  EXPECT_TRUE(read("a").from_flash);
  EXPECT_EQ(questions(), 1U);
}

TEST_F(FlashCacheTest, DoubtDuringAComparisonIsNotForgotten) {
  limits_.max_age = seconds(10);
  open();
  put_on_flash("a", "1");
  clock_.advance(seconds(10));
  below_.hold_answer(StoreCall::stat, "gate");
  auto reading = start(flash_->get(key("a")));
  put_below("a", "2");
  flash_->doubt(key("a"));
  below_.open("gate");
  go_on();
  EXPECT_THAT(reading.result(), IsOk());
  EXPECT_EQ(read("a").text, "2");
}

TEST_F(FlashCacheTest, WhatIsDoubtedOnItsWayToFlashDoesNotGetThere) {
  open();
  feed(5'000);
  put_below("a", "1");
  add_to_tail("a");
  Tail::Copy copy = tail_.copies.front();
  tail_.copies.clear();
  flash_->keep_evicted({ObjectKeyView(copy.key), copy.object.info.get(), copy.object.body, copy.age});
  flash_->doubt(key("a"));
  feed();
  EXPECT_FALSE(is_on_flash("a"));
}

TEST_F(FlashCacheTest, WhatAnObjectIsLikeIsToldFromTheHeadOfItsCopy) {
  limits_.max_age = seconds(10);
  open();
  ObjectInfo info = info_of(test_text(5'000));
  info.headers = {{"content-type", "text/plain"}};
  info.user_metadata = {{"much", test_text(6'000)}};  // more than is read at first
  EXPECT_THAT(run(store_.put(key("a"), info, Body::copy_of(test_text(5'000)), WriteCondition())), IsOk());
  add_to_tail("a");
  feed();
  clock_.advance(seconds(3));
  auto described = run(flash_->describe(key("a")));
  ASSERT_THAT(described, IsOk());
  EXPECT_EQ(*(*described)->info, ***run(store_.stat(key("a"))));
  EXPECT_TRUE((*described)->from_flash);
  EXPECT_TRUE((*described)->body.empty());
  EXPECT_GE((*described)->age, seconds(3));
  EXPECT_EQ(questions(), 0U);
  EXPECT_EQ(flash_->stats().described, 1U);
}

TEST_F(FlashCacheTest, WhatIsTooOldOrDoubtedIsDescribedByTheStoreBelow) {
  limits_.max_age = seconds(10);
  open();
  put_on_flash("a", "1");
  put_on_flash("b", "1");
  flash_->doubt(key("b"));
  EXPECT_FALSE((*run(flash_->describe(key("b"))))->from_flash);
  EXPECT_EQ(questions(), 1U);
  clock_.advance(seconds(10));
  EXPECT_FALSE((*run(flash_->describe(key("a"))))->from_flash);
  EXPECT_EQ(questions(), 2U);
  EXPECT_TRUE((*run(flash_->describe(key("a"))))->from_flash);  // that has confirmed it
  EXPECT_EQ(questions(), 2U);
  clock_.advance(seconds(10));
  put_below("a", "22");
  EXPECT_EQ((*run(flash_->describe(key("a"))))->info->size, 2U);
  EXPECT_FALSE(is_on_flash("a"));
  EXPECT_FALSE(run(flash_->describe(key("none"))).value().has_value());
}

TEST_F(FlashCacheTest, AWriteBeginsWhileACopyIsDescribed) {
  open();
  put_on_flash("a", "1");
  auto describing = testing::start_task(loop_, flash_->describe(key("a")));
  std::uint64_t before = disk_->operations();
  loop_.restart();
  while (disk_->operations() == before) ASSERT_EQ(loop_.run_one(), 1U);
  auto writing = testing::start_task(loop_, put_task(*flash_, "a", "22"));
  go_on();
  EXPECT_THAT(writing.result(), IsOk());
  EXPECT_FALSE(describing.result().value()->from_flash);
}

class StaleCopyTest : public FlashCacheTest {
 protected:
  /// A copy that is too old by now, but may be served when the store below cannot be asked.
  StaleCopyTest() {
    limits_.max_age = seconds(10);
    limits_.stale_max = seconds(60);
    open();
    put_on_flash("a", "1");
    clock_.advance(seconds(30));
  }
};

TEST_F(StaleCopyTest, InfoIsToldAsTheBodyIs) {
  below_.fail(StoreCall::stat, ErrorCode::timed_out);
  auto stale = run(flash_->describe(key("a")));
  ASSERT_THAT(stale, IsOk());
  EXPECT_GE((*stale)->age, seconds(30));
  clock_.advance(seconds(60));
  below_.fail(StoreCall::stat, ErrorCode::timed_out);
  EXPECT_THAT(run(flash_->describe(key("a"))), HasError(ErrorCode::timed_out));
}

TEST_F(StaleCopyTest, IsServedOnlyWhileTheStoreBelowCannotBeAskedAndOnlyAsLongAsIsAllowed) {
  below_.fail(StoreCall::stat, ErrorCode::timed_out);
  Read stale = read("a");
  EXPECT_EQ(stale.text, "1");
  EXPECT_GE(stale.age, seconds(30));
  below_.fail(StoreCall::stat, ErrorCode::access_denied);
  EXPECT_THAT(run(flash_->get(key("a"))), HasError(ErrorCode::access_denied));
  clock_.advance(seconds(60));
  below_.fail(StoreCall::stat, ErrorCode::timed_out);
  EXPECT_THAT(run(flash_->get(key("a"))), HasError(ErrorCode::timed_out));
  EXPECT_TRUE(read("a").from_flash);
}

TEST_F(FlashCacheTest, AfterABucketCameOrWentCopiesAreCompared) {
  open();
  put_on_flash("a", "1");
  EXPECT_THAT(run(store_.remove(key("a"), WriteCondition())), IsOk());
  EXPECT_THAT(run(flash_->remove_bucket("bucket")), IsOk());
  EXPECT_THAT(run(flash_->get(key("a"))), HasError(ErrorCode::no_such_bucket));
  BucketInfo bucket;
  bucket.name = "bucket";
  EXPECT_THAT(run(flash_->create_bucket(bucket)), IsOk());
  EXPECT_EQ(read("a"), Read());
}

// --- room

TEST_F(FlashCacheTest, TheCapacityIsNeverExceeded) {
  disk_->set_capacity(options_.log.capacity);  // more than that, at any moment, and the disk is full
  open();
  for (int i = 0; i < 400; ++i) {
    std::string name = std::to_string(i);
    put_on_flash(name, test_text(5'000, static_cast<std::uint64_t>(i)));
    ASSERT_TRUE(is_on_flash(name));
    ASSERT_LE(flash_->stats().disk_bytes, options_.log.capacity);
  }
  EXPECT_EQ(flash_->stats().switched_off, 0U);
  EXPECT_GT(flash_->stats().dropped(DropReason::aged), 300U);
  EXPECT_GT(flash_->stats().disk_bytes, options_.log.capacity / 2);
  EXPECT_FALSE(is_on_flash("0"));
  EXPECT_EQ(read("399").text, test_text(5'000, 399));
}

TEST_F(FlashCacheTest, WhatIsHitOutlivesItsSegment) {
  open();
  put_on_flash("hot", "stays");
  put_on_flash("cold", "goes");
  for (int i = 0; i < 400; ++i) {
    EXPECT_TRUE(read("hot").from_flash);
    put_on_flash(std::to_string(i), test_text(5'000));
  }
  EXPECT_FALSE(is_on_flash("cold"));
  EXPECT_EQ(read("hot").text, "stays");
  EXPECT_GT(flash_->stats().bytes_rewritten, 0U);
}

TEST_F(FlashCacheTest, WhereAllIsHotThereIsRoomForWhatIsNew) {
  open();
  for (int i = 0; i < 300; ++i) {
    put_on_flash(std::to_string(i), test_text(5'000));
    for (int j = 0; j <= i && i % 10 == 0; ++j) {
      if (is_on_flash(std::to_string(j))) read(std::to_string(j));
    }
  }
  EXPECT_TRUE(is_on_flash("299"));
  EXPECT_LT(flash_->stats().bytes_written, 3 * 300 * 5'100U);
}

TEST_F(FlashCacheTest, TheMemoryOfTheIndexIsLimited) {
  options_.index_bytes_max = 64_KiB;
  options_.log.segment_bytes = 32_KiB;
  open();
  for (int i = 0; i < 2'000; ++i) {
    put_on_flash(std::to_string(i), "x");
    ASSERT_LE(flash_->stats().index_bytes, options_.index_bytes_max);
  }
  EXPECT_GT(flash_->stats().entries, 50U);
}

TEST_F(FlashCacheTest, ReadersOfASegmentThatHasToGoAreWaitedFor) {
  open();
  put_on_flash("first", test_text(3'000));
  auto reading = testing::start_task(loop_, flash_->get(key("first")));
  loop_.restart();
  loop_.run_one();  // it is on its way to the disk
  for (int i = 0; i < 400; ++i) {
    put_below(std::to_string(i), test_text(5'000));
    add_to_tail(std::to_string(i));
  }
  feed(2 * options_.log.capacity);
  go_on();
  Result<std::optional<Object>> object = reading.result();
  ASSERT_THAT(object, IsOk());
  EXPECT_EQ((*object)->body.to_string(), test_text(3'000));
}

}  // namespace
}  // namespace shoal::flash
