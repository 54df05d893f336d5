#include "shoal/storage/log_engine.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Eq;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;

ObjectKey key(std::string name) { return {"bucket", std::move(name)}; }

class LogEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }

  TestEngine engine_;
};

TEST_F(LogEngineTest, KeepsWhatWasAcknowledgedWhenTheProcessIsKilled) {
  ASSERT_THAT(engine_.put(key("a"), "1"), IsOk());
  ASSERT_THAT(engine_.put(key("b"), "2"), IsOk());
  ASSERT_THAT(engine_.put(key("a"), "3"), IsOk());
  ASSERT_THAT(engine_.remove(key("b")), IsOk());
  engine_.stop();
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("3"))));
  EXPECT_THAT(engine_.get(key("b")), IsOkAnd(Eq(std::nullopt)));
}

TEST_F(LogEngineTest, KeepsWhatWasAcknowledgedWhenThePowerGoes) {
  ASSERT_THAT(engine_.put(key("a"), std::string(100'000, 'x')), IsOk());
  engine_.cut_power(7);
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq(std::string(100'000, 'x')))));
}

TEST_F(LogEngineTest, VersionsGrowAcrossStarts) {
  Version before = engine_.put(key("a"), "1").value()->version;
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_GT(engine_.put(key("a"), "2").value()->version, before);
}

TEST_F(LogEngineTest, PutsThatArriveTogetherShareASync) {
  std::uint64_t syncs_before = engine_.disk().syncs();
  std::vector<testing::Running<Result<ObjectInfoPtr>>> puts;
  for (int i = 0; i < 100; ++i) puts.push_back(engine_.start(engine_.put_task(key(std::to_string(i)), "body")));
  engine_.drain_loops();
  for (auto& put : puts) EXPECT_THAT(put.result(), IsOk());
  EXPECT_LT(engine_.disk().syncs() - syncs_before, 10U);
}

Task<void> put_one_after_the_other(TestEngine* engine, std::string name, int times) {
  for (int i = 0; i < times; ++i) {
    auto written = co_await engine->put_task(key(name + std::to_string(i)), "body");
    EXPECT_THAT(written, IsOk());
  }
}

TEST_F(LogEngineTest, WritersThatGoOnShareTheNextSyncWithThoseThatCameMeanwhile) {
  std::uint64_t syncs_before = engine_.disk().syncs();
  std::vector<testing::Running<void>> writers;
  for (int i = 0; i < 8; ++i) {
    writers.push_back(engine_.start(put_one_after_the_other(&engine_, "writer " + std::to_string(i) + " ", 20)));
    for (int step = 0; step < 3; ++step) engine_.loop().context().poll_one();  // the first group is on its way
  }
  engine_.drain_loops();
  for (auto& writer : writers) EXPECT_TRUE(writer.done());
  EXPECT_LT(engine_.disk().syncs() - syncs_before, 30U);
}

TEST_F(LogEngineTest, KnowsWithoutWaitingThatAKeyIsMissing) {
  EXPECT_TRUE(engine_.store().is_known_missing(key("a")));
  auto put = engine_.start(engine_.put_task(key("a"), "body"));
  EXPECT_TRUE(engine_.store().is_known_missing(key("a"))) << "not acknowledged yet";
  engine_.drain_loops();
  EXPECT_THAT(put.result(), IsOk());
  EXPECT_FALSE(engine_.store().is_known_missing(key("a")));
  ASSERT_THAT(engine_.remove(key("a")), IsOkAnd(Eq(true)));
  EXPECT_TRUE(engine_.store().is_known_missing(key("a")));
}

TEST_F(LogEngineTest, SeveralKeysAreReadAtOnce) {
  engine_.use_loops(2);
  ASSERT_THAT(engine_.open(), IsOk());
  std::vector<ObjectKey> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(key("object " + std::to_string(i)));
    ASSERT_THAT(engine_.put(keys.back(), "body " + std::to_string(i)), IsOk());
  }
  keys.push_back(key("missing"));
  keys.push_back({"no such bucket", "name"});
  std::vector<Result<std::optional<Object>>> objects = engine_.run(engine_.engine().multi_get(keys));
  ASSERT_EQ(objects.size(), keys.size());
  for (std::size_t i = 0; i < 20; ++i) {
    ASSERT_THAT(objects[i], IsOk());
    ASSERT_TRUE(objects[i]->has_value());
    EXPECT_EQ((*objects[i])->body.to_string(), "body " + std::to_string(i));
  }
  EXPECT_THAT(objects[20], IsOkAnd(Eq(std::nullopt)));
  EXPECT_THAT(objects[21], HasError(ErrorCode::no_such_bucket));
}

TEST_F(LogEngineTest, OfTwoWritersThatWantToMakeAKeyOneWins) {
  WriteCondition if_absent;
  if_absent.if_none_match_any = true;
  auto first = engine_.start(engine_.put_task(key("a"), "first", if_absent));
  auto second = engine_.start(engine_.put_task(key("a"), "second", if_absent));
  engine_.drain_loops();
  EXPECT_THAT(first.result(), IsOk());
  EXPECT_THAT(second.result(), HasError(ErrorCode::precondition_failed));
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("first"))));
}

TEST_F(LogEngineTest, OfTwoWritersThatReplaceOneVersionOneWins) {
  ASSERT_THAT(engine_.put(key("a"), "0"), IsOk());
  WriteCondition if_match;
  if_match.if_match = TestEngine::info_of("0").etag;
  auto first = engine_.start(engine_.put_task(key("a"), "1", if_match));
  auto second = engine_.start(engine_.put_task(key("a"), "2", if_match));
  engine_.drain_loops();
  EXPECT_THAT(first.result(), IsOk());
  EXPECT_THAT(second.result(), HasError(ErrorCode::precondition_failed));
}

TEST_F(LogEngineTest, UpdateOfAttributesDoesNotUndoAPutThatOvertakesIt) {
  ASSERT_THAT(engine_.put(key("a"), "old"), IsOk());
  ObjectInfo info = TestEngine::info_of("old");
  info.tags = {{"k", "v"}};
  auto update = engine_.start(engine_.store().update_info(key("a"), info));
  auto put = engine_.start(engine_.put_task(key("a"), "new"));
  engine_.drain_loops();
  EXPECT_THAT(put.result(), IsOk());
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("new"))));
  EXPECT_THAT(update.result(), HasError(ErrorCode::precondition_failed));
}

TEST_F(LogEngineTest, ReadsWaitForMemory) {
  MemoryAccount reads("reads");
  MemoryBudget budget(64_MiB);
  budget.add(&reads);
  engine_.stop();
  engine_.options().read_memory = {&reads, &budget};
  ASSERT_THAT(engine_.open(), IsOk());
  ASSERT_THAT(engine_.put(key("a"), std::string(100'000, 'x')), IsOk());
  reads.charge(budget.limit());
  auto get = engine_.start(engine_.store().get(key("a")));
  engine_.drain_loops();
  EXPECT_FALSE(get.done());
  reads.release(budget.limit());
  budget.serve();
  engine_.drain_loops();
  EXPECT_THAT(get.result(), IsOk());
  EXPECT_EQ(budget.promised_bytes(), 0U) << "what was read is charged";
  EXPECT_THAT(engine_.close(), IsOk());
}

TEST_F(LogEngineTest, RemovedBucketTakesItsUploadsAlong) {
  UploadKey upload{key("a"), engine_.run(engine_.store().create_upload(key("a"), ObjectInfo())).value()};
  ASSERT_THAT(engine_.run(engine_.store().remove_bucket("bucket")), IsOk());
  ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  EXPECT_THAT(engine_.run(engine_.store().stat_upload(upload)), HasError(ErrorCode::no_such_upload));
  engine_.stop();
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_THAT(engine_.run(engine_.store().stat_upload(upload)), HasError(ErrorCode::no_such_upload));
}

TEST_F(LogEngineTest, PutThatRacesWithTheRemovalOfItsBucketIsNeverLost) {
  auto put = engine_.start(engine_.put_task(key("a"), "1"));
  auto removal = engine_.start(engine_.store().remove_bucket("bucket"));
  auto late_put = engine_.start(engine_.put_task(key("b"), "1"));
  engine_.drain_loops();
  EXPECT_THAT(put.result(), IsOk());
  EXPECT_THAT(removal.result(), HasError(ErrorCode::bucket_not_empty));
  EXPECT_THAT(late_put.result(), IsOk());
}

TEST_F(LogEngineTest, PutFindsItsBucketRemovedMeanwhile) {
  auto writer = engine_.run(engine_.store().begin_put(key("a")));
  ASSERT_THAT(writer, IsOk());
  std::string text(20'000, 'x');
  ASSERT_THAT(engine_.run((*writer)->write(Body::copy_of(text))), IsOk());
  ASSERT_THAT(engine_.run(engine_.store().remove_bucket("bucket")), IsOk());
  EXPECT_THAT(engine_.run((*writer)->commit(TestEngine::info_of(text), WriteCondition())),
              HasError(ErrorCode::no_such_bucket));
}

TEST_F(LogEngineTest, CountsTheBytesThatAreStillNeeded) {
  auto live_bytes = [&] {
    std::uint64_t sum = 0;
    for (auto [segment, bytes] : engine_.run(engine_.engine().statistics()).live_bytes) sum += bytes;
    return sum;
  };
  EXPECT_EQ(live_bytes(), 0U);
  ASSERT_THAT(engine_.put(key("a"), "1"), IsOk());
  std::uint64_t of_one = live_bytes();
  EXPECT_GT(of_one, 0U);
  ASSERT_THAT(engine_.put(key("a"), "2"), IsOk());
  EXPECT_EQ(live_bytes(), of_one);
  ASSERT_THAT(engine_.put(key("large"), std::string(50'000, 'x')), IsOk());
  std::uint64_t of_both = live_bytes();
  EXPECT_GT(of_both, of_one + 50'000);
  engine_.stop();
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_EQ(live_bytes(), of_both) << "the same after a start";
  ASSERT_THAT(engine_.put(key("large"), "small now"), IsOk());
  ASSERT_THAT(engine_.remove(key("large")), IsOk());
  ASSERT_THAT(engine_.remove(key("a")), IsOk());
  EXPECT_EQ(live_bytes(), 0U);
}

TEST_F(LogEngineTest, SecondOpenOfTheSameDirectoryIsRefused) {
  std::vector<LogEngine::Core> cores{{&engine_.loop(), &engine_.disk()}};
  auto second = engine_.run(LogEngine::open(engine_.options(), cores));
  ASSERT_THAT(second, HasError(ErrorCode::conflict));
  EXPECT_THAT(second.error().message, HasSubstr("open in another process"));
  EXPECT_THAT(engine_.put(key("a"), "1"), IsOk());
}

TEST_F(LogEngineTest, AfterCloseEverythingIsRefused) {
  ASSERT_THAT(engine_.run(engine_.engine().close()), IsOk());
  EXPECT_THAT(engine_.put(key("a"), "1"), HasError(ErrorCode::closed));
  EXPECT_THAT(engine_.get(key("a")), HasError(ErrorCode::closed));
}

TEST(LogEngineFormatTest, DirectoryOfANewerVersionIsRefusedInWordsForTheOperator) {
  TestEngine engine;
  ASSERT_THAT(engine.open(), IsOk());
  ASSERT_THAT(engine.close(), IsOk());
  engine.disk().flip("data/FORMAT", std::string("shoal data directory\nformat ").size(), std::byte{'2' ^ '9'});
  Result<void> opened = engine.open();
  ASSERT_THAT(opened, HasError(ErrorCode::not_supported));
  EXPECT_THAT(opened.error().message, HasSubstr("newer version of Shoal"));
}

TEST(LogEngineLoopsTest, ObjectsAreFoundByAnotherNumberOfLoops) {
  TestEngine engine(3);
  ASSERT_THAT(engine.open(), IsOk());
  ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(engine.put(key(std::to_string(i)), std::string(static_cast<std::size_t>(i) * 200, 'x')), IsOk());
  }
  for (std::size_t loops : {1, 4, 2, 3}) {
    engine.stop();
    engine.use_loops(loops);
    ASSERT_THAT(engine.open(), IsOk());
    for (int i = 0; i < 100; ++i) {
      EXPECT_THAT(engine.get(key(std::to_string(i))),
                  IsOkAnd(Optional(Eq(std::string(static_cast<std::size_t>(i) * 200, 'x')))));
    }
    ListRequest request;
    request.bucket = "bucket";
    Result<ListPage> page = engine.run(engine.store(loops - 1).list(request), loops - 1);
    ASSERT_THAT(page, IsOk());
    EXPECT_EQ(page->items.size(), 100U);
  }
}

TEST(LogEngineLoopsTest, BucketsAreTheSameOnAllLoops) {
  TestEngine engine(3);
  ASSERT_THAT(engine.open(), IsOk());
  BucketInfo info;
  info.name = "bucket";
  ASSERT_THAT(engine.run(engine.store(2).create_bucket(info), 2), IsOk());
  for (std::size_t loop : {0, 1, 2}) {
    EXPECT_THAT(engine.run(engine.store(loop).create_bucket(info), loop), HasError(ErrorCode::bucket_exists));
  }
  ASSERT_THAT(engine.put(key("a"), "1"), IsOk());
  for (std::size_t loop : {0, 1, 2}) {
    EXPECT_THAT(engine.run(engine.store(loop).remove_bucket("bucket"), loop), HasError(ErrorCode::bucket_not_empty));
  }
  ASSERT_THAT(engine.remove(key("a")), IsOk());
  ASSERT_THAT(engine.run(engine.store(1).remove_bucket("bucket"), 1), IsOk());
  EXPECT_THAT(engine.put(key("a"), "1"), HasError(ErrorCode::no_such_bucket));
}

}  // namespace
}  // namespace shoal::storage
