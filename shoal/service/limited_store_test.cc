#include "shoal/service/limited_store.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/sim/simulated_timers.h"
#include "shoal/testing/faulty_store.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::service {
namespace {

using testing::FaultyStore;
using testing::InMemoryStore;
using testing::StoreCall;

/// One slot: an operation that kept it while it asks for another would hang.
class LimitedFixture final : public testing::StoreFixture {
 public:
  boost::asio::io_context& loop() override { return loop_.context(); }
  ObjectStore& store() override { return store_; }

 private:
  io::EventLoop loop_;
  io::LoopTimers timers_{loop_};
  InMemoryStore inner_;
  OperationSlots slots_{loop_, timers_, {.running_max = 1, .waiting_max = 0, .wait_timeout = {}}};
  LimitedStore store_{inner_, slots_};
};

class LimitedStoreTest : public ::testing::Test {
 protected:
  LimitedStoreTest() {
    BucketInfo bucket;
    bucket.name = "bucket";
    io::spawn(loop_, keep(inner_.create_bucket(std::move(bucket))));
    timers_.advance({});
  }

  Task<void> keep(Task<Result<void>> task) { EXPECT_TRUE(co_await std::move(task)); }
  Task<void> put(std::string name, std::string* outcome) {
    ObjectInfo info;
    info.size = name.size();
    Body body = Body::copy_of(name);
    ObjectKey key{"bucket", name};
    auto stored = co_await store_.put(std::move(key), std::move(info), std::move(body), WriteCondition{});
    *outcome = stored ? "stored" : to_string(stored.error().code);
  }
  std::string& begin_put(std::string name) {
    std::string& outcome = outcomes_[name];
    io::spawn(loop_, put(std::move(name), &outcome));
    timers_.advance({});
    return outcome;
  }

  void open_disk() {
    slow_.open("disk");
    timers_.advance({});
  }

  io::EventLoop loop_;
  ManualClock clock_;
  sim::SimulatedTimers timers_{loop_, clock_};
  InMemoryStore inner_;
  FaultyStore slow_{inner_};
  OperationSlots slots_{loop_, timers_, {.running_max = 1, .waiting_max = 1, .wait_timeout = std::chrono::seconds(5)}};
  LimitedStore store_{slow_, slots_};
  std::map<std::string, std::string> outcomes_;
};

TEST_F(LimitedStoreTest, WhatIsTooMuchIsRefusedAndTakesNoEffect) {
  slow_.hold(StoreCall::put, "disk");
  std::string& first = begin_put("first");
  std::string& second = begin_put("second");
  std::string& third = begin_put("third");
  EXPECT_EQ(first, "");
  EXPECT_EQ(second, "");
  EXPECT_EQ(third, "overloaded");
  open_disk();
  EXPECT_EQ(first, "stored");
  EXPECT_EQ(second, "stored");
  EXPECT_FALSE(inner_.try_get(ObjectKey{"bucket", "third"}));
}

TEST_F(LimitedStoreTest, AHitInMemoryIsNotHeldUp) {
  begin_put("here");
  slow_.hold(StoreCall::put, "disk");
  begin_put("running");
  begin_put("waiting");
  EXPECT_TRUE(store_.try_get(ObjectKey{"bucket", "here"}));
  open_disk();
}

}  // namespace

SHOAL_TEST_OBJECT_STORE_CONTRACT(LimitedStore, [] { return std::make_unique<LimitedFixture>(); });

}  // namespace shoal::service
