#include "shoal/testing/faulty_store.h"

#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {
namespace {

class FaultlessFixture final : public StoreFixture {
 public:
  boost::asio::io_context& loop() override { return loop_; }
  ObjectStore& store() override { return store_; }

 private:
  boost::asio::io_context loop_;
  InMemoryStore inner_;
  FaultyStore store_{inner_};
};

SHOAL_TEST_OBJECT_STORE_CONTRACT(FaultyStoreWithoutFaults, [] { return std::make_unique<FaultlessFixture>(); });

class FaultyStoreTest : public ::testing::Test {
 protected:
  FaultyStoreTest() {
    BucketInfo info;
    info.name = "bucket";
    EXPECT_THAT(run(store_.create_bucket(info)), IsOk());
  }
  template <typename T>
  T run(Task<T> task) {
    return run_task(loop_, std::move(task));
  }
  Task<Result<ObjectInfoPtr>> put(std::string text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    return store_.put(key_, std::move(info), Body::copy_of(text), WriteCondition());
  }
  bool exists() { return run(inner_.stat(key_)).value().has_value(); }

  const ObjectKey key_{"bucket", "name"};
  boost::asio::io_context loop_;
  InMemoryStore::Options options_{.body_bytes_max = 10};
  InMemoryStore inner_{system_clock(), options_};
  FaultyStore store_{inner_};
};

TEST_F(FaultyStoreTest, TheNthCallFailsWithoutEffect) {
  store_.fail(StoreCall::put, ErrorCode::disk_full, 2);
  EXPECT_THAT(run(put("1")), IsOk());
  EXPECT_THAT(run(put("2")), HasError(ErrorCode::disk_full));
  EXPECT_EQ(run(inner_.stat(key_)).value()->get()->etag, test_etag("1"));
  EXPECT_THAT(run(put("3")), IsOk());
  EXPECT_EQ(store_.calls(StoreCall::put), 3U);
}

TEST_F(FaultyStoreTest, AnswerMayFailAfterTheEffect) {
  store_.fail_after_effect(StoreCall::put, ErrorCode::timed_out);
  EXPECT_THAT(run(put("1")), HasError(ErrorCode::timed_out));
  EXPECT_TRUE(exists());
}

TEST_F(FaultyStoreTest, HeldCallTakesEffectWhenItsGateOpens) {
  store_.hold(StoreCall::put, "gate");
  auto running = start_task(loop_, put("1"));
  run_until_idle(loop_);
  EXPECT_EQ(store_.waiting_at("gate"), 1U);
  EXPECT_FALSE(exists());
  store_.open("gate");
  run_until_idle(loop_);
  EXPECT_THAT(running.result(), IsOk());
  EXPECT_TRUE(exists());
}

TEST_F(FaultyStoreTest, HeldAnswerComesAfterTheEffect) {
  store_.hold_answer(StoreCall::put, "gate");
  auto running = start_task(loop_, put("1"));
  run_until_idle(loop_);
  EXPECT_TRUE(exists());
  EXPECT_FALSE(running.done());
  store_.open("gate");
  run_until_idle(loop_);
  EXPECT_TRUE(running.done());
}

TEST_F(FaultyStoreTest, HeldCallsGoOnInAnyOrder) {
  store_.hold_everything(true);
  auto first = start_task(loop_, put("1"));
  auto second = start_task(loop_, put("2"));
  run_until_idle(loop_);
  ASSERT_EQ(store_.held(), 2U);
  for (std::size_t index : {1U, 1U, 0U, 0U}) {
    store_.release_held(index);
    run_until_idle(loop_);
  }
  EXPECT_TRUE(first.done() && second.done());
  EXPECT_EQ(run(inner_.stat(key_)).value()->get()->etag, test_etag("1"));
}

TEST_F(FaultyStoreTest, ReadsFailBehindALimit) {
  store_.fail_reads_behind(20, ErrorCode::corrupt);
  EXPECT_THAT(run(put(std::string(30, 'x'))), IsOk());
  Object object = run(store_.get(key_)).value().value();
  EXPECT_THAT(run(object.reader->read(0, 20)), IsOk());
  EXPECT_THAT(run(object.reader->read(15, 6)), HasError(ErrorCode::corrupt));
}

}  // namespace
}  // namespace shoal::testing
