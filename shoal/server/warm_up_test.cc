#include "shoal/server/warm_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/testing/faulty_store.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::server {
namespace {

using shoal::testing::HasError;
using shoal::testing::IsOk;
using shoal::testing::StoreCall;

class WarmUpTest : public ::testing::Test {
 protected:
  WarmUpTest() {
    BucketInfo bucket;
    bucket.name = "bucket";
    EXPECT_THAT(run(kept_.create_bucket(bucket)), IsOk());
    for (const char* name : {"a/1", "b/1", "b/2", "b/3", "c/1"}) put(name, "body");
  }

  template <typename T>
  T run(Task<T> task) {
    return shoal::testing::run_task(loop_, std::move(task));
  }
  void put(const std::string& name, const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = shoal::testing::test_etag(text);
    ObjectKey key{"bucket", name};
    EXPECT_THAT(run(kept_.put(key, std::move(info), Body::copy_of(text), WriteCondition())), IsOk());
  }
  static WarmStep step(std::string after = {}) {
    return {.bucket = "bucket", .prefix = "b/", .after = std::move(after), .objects_max = 2, .dry_run = false};
  }

  boost::asio::io_context loop_;
  shoal::testing::InMemoryStore kept_;
  shoal::testing::FaultyStore store_{kept_};
};

TEST_F(WarmUpTest, ReadsWhatBeginsWithThePrefixStepByStep) {
  auto first = run(warm_up(&store_, step()));
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->objects, 2U);
  EXPECT_EQ(first->bytes, 8U);
  EXPECT_EQ(first->last, "b/2");
  EXPECT_FALSE(first->is_done);
  auto second = run(warm_up(&store_, step(first->last)));
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->objects, 1U);
  EXPECT_TRUE(second->is_done);
  EXPECT_EQ(store_.calls(StoreCall::get), 3U);
}

TEST_F(WarmUpTest, DryRunReadsNothing) {
  WarmStep dry = step();
  dry.dry_run = true;
  auto outcome = run(warm_up(&store_, dry));
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->bytes, 8U);
  EXPECT_EQ(store_.calls(StoreCall::get), 0U);
}

TEST_F(WarmUpTest, FailuresAreCountedAndTheOthersRead) {
  store_.fail(StoreCall::get, ErrorCode::closed);
  auto outcome = run(warm_up(&store_, step()));
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failed, 1U);
  EXPECT_FALSE(outcome->failure.empty());
  EXPECT_EQ(store_.calls(StoreCall::get), 2U);
}

TEST_F(WarmUpTest, MissingBucketIsAnError) {
  WarmStep missing = step();
  missing.bucket = "no-such-bucket";
  EXPECT_THAT(run(warm_up(&store_, missing)), HasError(ErrorCode::no_such_bucket));
}

}  // namespace
}  // namespace shoal::server
