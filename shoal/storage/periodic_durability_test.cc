// Durability::periodic: answered when written, synced a little later.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;

ObjectKey key(std::string name) { return {"bucket", std::move(name)}; }

class PeriodicDurabilityTest : public ::testing::Test {
 protected:
  static LogEngineOptions options() {
    LogEngineOptions options = TestEngine::small_options();
    options.durability = Durability::periodic;
    options.sync_interval = std::chrono::milliseconds(100);
    return options;
  }
  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }
  void let_an_interval_pass() { engine_.timers().advance(options().sync_interval); }
  auto is_absent_or(std::string text) {
    return IsOkAnd(AnyOf(Eq(std::nullopt), Eq(std::optional<std::string>(std::move(text)))));
  }

  TestEngine engine_{1, options()};
};

TEST_F(PeriodicDurabilityTest, PutIsAnsweredWithoutASync) {
  let_an_interval_pass();
  std::uint64_t syncs = engine_.disk().syncs();
  ASSERT_THAT(engine_.put(key("a"), "1"), IsOk());
  EXPECT_EQ(engine_.disk().syncs(), syncs);
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("1"))));
}

TEST_F(PeriodicDurabilityTest, OneSyncAnIntervalCoversWhatWasWritten) {
  let_an_interval_pass();
  std::uint64_t syncs = engine_.disk().syncs();
  for (int i = 0; i < 20; ++i) ASSERT_THAT(engine_.put(key(std::to_string(i)), "1"), IsOk());
  let_an_interval_pass();
  EXPECT_EQ(engine_.disk().syncs(), syncs + 1);
  let_an_interval_pass();
  EXPECT_EQ(engine_.disk().syncs(), syncs + 1) << "nothing new";
  engine_.cut_power(3);
  ASSERT_THAT(engine_.open(), IsOk());
  for (int i = 0; i < 20; ++i) EXPECT_THAT(engine_.get(key(std::to_string(i))), IsOkAnd(Optional(Eq("1"))));
}

TEST_F(PeriodicDurabilityTest, PowerCutTakesAtMostTheLastInterval) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::string name = std::to_string(seed);
    ASSERT_THAT(engine_.put(key("kept " + name), "1"), IsOk());
    let_an_interval_pass();
    ASSERT_THAT(engine_.put(key("first " + name), "2"), IsOk());
    ASSERT_THAT(engine_.put(key("second " + name), std::string(5'000, 's')), IsOk());
    engine_.cut_power(seed);
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_THAT(engine_.get(key("kept " + name)), IsOkAnd(Optional(Eq("1"))));
    EXPECT_THAT(engine_.get(key("first " + name)), is_absent_or("2"));
    EXPECT_THAT(engine_.get(key("second " + name)), is_absent_or(std::string(5'000, 's')));
    if (engine_.get(key("second " + name)).value()) {
      EXPECT_THAT(engine_.get(key("first " + name)), IsOkAnd(Optional(Eq("2")))) << "the newest goes first";
    }
  }
}

TEST_F(PeriodicDurabilityTest, FailedSyncCostsItsIntervalAndNothingLater) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::string name = std::to_string(seed);
    ASSERT_THAT(engine_.put(key("doomed " + name), "1"), IsOk());
    engine_.disk().fail_next_sync();
    let_an_interval_pass();
    ASSERT_THAT(engine_.put(key("later " + name), "2"), IsOk());
    let_an_interval_pass();
    engine_.cut_power(seed);
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_THAT(engine_.get(key("doomed " + name)), is_absent_or("1"));
    EXPECT_THAT(engine_.get(key("later " + name)), IsOkAnd(Optional(Eq("2"))));
  }
}

TEST_F(PeriodicDurabilityTest, WritesBesideASyncDoNotWaitForIt) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::string name = std::to_string(seed);
    ASSERT_THAT(engine_.put(key("kept " + name), "1"), IsOk());
    let_an_interval_pass();
    ASSERT_THAT(engine_.put(key("before " + name), "2"), IsOk());
    bool sync_fails = seed % 2 == 0;
    if (sync_fails) engine_.disk().fail_next_sync();
    let_an_interval_pass();
    std::vector<testing::Running<Result<ObjectInfoPtr>>> puts;
    for (int i = 0; i < 6; ++i) {
      std::size_t bytes = 1 + seed * 977 % 7000;
      puts.push_back(engine_.start(engine_.put_task(key(name + "-" + std::to_string(i)), std::string(bytes, 'x'))));
      for (std::uint64_t step = 0; step < seed % 5; ++step) engine_.loop().context().poll_one();
    }
    engine_.drain_loops();
    if (!sync_fails) {
      for (auto& put : puts) EXPECT_THAT(put.result(), IsOk());
    }
    ASSERT_THAT(engine_.put(key("later " + name), "3"), IsOk());
    let_an_interval_pass();
    engine_.cut_power(seed);
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_THAT(engine_.get(key("kept " + name)), IsOkAnd(Optional(Eq("1"))));
    EXPECT_THAT(engine_.get(key("before " + name)), is_absent_or("2"));
    EXPECT_THAT(engine_.get(key("later " + name)), IsOkAnd(Optional(Eq("3"))));
  }
}

TEST_F(PeriodicDurabilityTest, BucketsAreSyncedAtOnce) {
  ASSERT_THAT(engine_.make_bucket("another"), IsOk());
  engine_.cut_power(5);
  ASSERT_THAT(engine_.open(), IsOk());
  BucketInfo info;
  info.name = "another";
  EXPECT_THAT(engine_.run(engine_.store().create_bucket(info)), testing::HasError(ErrorCode::bucket_exists));
}

TEST_F(PeriodicDurabilityTest, CloseSyncsWhatIsLeft) {
  ASSERT_THAT(engine_.put(key("a"), "1"), IsOk());
  ASSERT_THAT(engine_.close(), IsOk());
  engine_.cut_power(1);
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Optional(Eq("1"))));
}

}  // namespace
}  // namespace shoal::storage
