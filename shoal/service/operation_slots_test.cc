#include "shoal/service/operation_slots.h"

#include <map>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/sim/simulated_timers.h"

namespace shoal::service {
namespace {

using namespace std::chrono_literals;

class OperationSlotsTest : public ::testing::Test {
 protected:
  /// "running", "waiting", or the error that it got.
  std::string state_of(int operation) { return states_[operation]; }
  void begin(int operation) {
    states_[operation] = "waiting";
    io::spawn(loop_, enter(operation));
    pass(0s);
  }
  void end(int operation) {
    slots_held_.erase(operation);
    pass(0s);
  }
  void pass(std::chrono::nanoseconds time) { timers_.advance(time); }

  io::EventLoop loop_;
  ManualClock clock_;
  sim::SimulatedTimers timers_{loop_, clock_};
  OperationSlots slots_{loop_, timers_, {.running_max = 2, .waiting_max = 2, .wait_timeout = 5s}};

 private:
  Task<void> enter(int operation) {
    Result<OperationSlots::Slot> slot = co_await slots_.enter();
    states_[operation] = slot ? "running" : std::string(to_string(slot.error().code));
    if (slot) slots_held_.emplace(operation, *std::move(slot));
  }

  std::map<int, std::string> states_;
  std::map<int, OperationSlots::Slot> slots_held_;
};

TEST_F(OperationSlotsTest, ManyRunOthersWaitFurtherOnesAreRefused) {
  for (int operation = 1; operation <= 5; ++operation) begin(operation);
  EXPECT_EQ(state_of(2), "running");
  EXPECT_EQ(state_of(3), "waiting");
  EXPECT_EQ(state_of(4), "waiting");
  EXPECT_EQ(state_of(5), "overloaded");
  EXPECT_EQ(slots_.counters().running.value(), 2);
  EXPECT_EQ(slots_.counters().waiting.value(), 2);
  EXPECT_EQ(slots_.counters().refused.value(), 1);
}

TEST_F(OperationSlotsTest, AtOnceThereAreSlotsWhileFewerRun) {
  begin(1);
  {
    std::optional<OperationSlots::Slot> slot = slots_.try_enter();
    EXPECT_TRUE(slot.has_value());
    EXPECT_FALSE(slots_.try_enter().has_value());
    EXPECT_EQ(slots_.counters().running.value(), 2);
  }
  EXPECT_TRUE(slots_.try_enter().has_value());
  EXPECT_EQ(slots_.counters().running.value(), 1);
}

TEST_F(OperationSlotsTest, WhoCameFirstIsNext) {
  for (int operation = 1; operation <= 4; ++operation) begin(operation);
  end(2);
  EXPECT_EQ(state_of(3), "running");
  EXPECT_EQ(state_of(4), "waiting");
  end(1);
  EXPECT_EQ(state_of(4), "running");
}

TEST_F(OperationSlotsTest, ASlotThatComesFreeIsNotTakenFromThoseWhoWait) {
  for (int operation = 1; operation <= 3; ++operation) begin(operation);
  end(1);
  begin(5);
  EXPECT_EQ(state_of(3), "running");
  EXPECT_EQ(state_of(5), "waiting");
}

TEST_F(OperationSlotsTest, NobodyWaitsForEver) {
  for (int operation = 1; operation <= 3; ++operation) begin(operation);
  pass(2s);
  begin(4);
  pass(3s);
  EXPECT_EQ(state_of(3), "overloaded");
  EXPECT_EQ(state_of(4), "waiting");
  pass(2s);
  EXPECT_EQ(state_of(4), "overloaded");
  EXPECT_EQ(slots_.counters().timed_out.value(), 2);
  end(1);
  begin(6);
  EXPECT_EQ(state_of(6), "running");
}

TEST_F(OperationSlotsTest, LeavesNothingBehindWhenAllAreDone) {
  for (int operation = 1; operation <= 4; ++operation) begin(operation);
  for (int operation = 1; operation <= 4; ++operation) end(operation);
  pass(5s);
  EXPECT_EQ(slots_.counters().running.value(), 0);
  EXPECT_EQ(slots_.counters().waiting.value(), 0);
  EXPECT_EQ(timers_.waiting(), 0);
}

}  // namespace
}  // namespace shoal::service
