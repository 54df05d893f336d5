// WaitQueue, AsyncMutex, Gate, WorkerThreads and await_memory: who waits, who is woken, in which order.
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/io/async_mutex.h"
#include "shoal/io/await_memory.h"
#include "shoal/io/gate.h"
#include "shoal/io/run_blocking.h"
#include "shoal/io/wait_queue.h"
#include "shoal/io/worker_threads.h"

namespace shoal::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Runs single steps of a loop on the test's thread, and writes down what happened.
class WaitingTest : public testing::Test {
 protected:
  void run_until_idle() {
    loop_.context().restart();
    loop_.context().poll();
  }

  EventLoop loop_;
  std::vector<std::string> events_;
};

Task<void> wait_in(WaitQueue* queue, std::vector<std::string>* events, std::string name) {
  co_await queue->wait();
  events->push_back(name);
}

TEST_F(WaitingTest, QueueWakesInTheOrderOfComing) {
  WaitQueue queue;
  for (std::string name : {"a", "b", "c"}) spawn(loop_, wait_in(&queue, &events_, name));
  run_until_idle();
  EXPECT_EQ(queue.size(), 3U);
  queue.wake_one();
  EXPECT_THAT(events_, IsEmpty()) << "nobody runs inside the waker";
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("a"));
  queue.wake_all();
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("a", "b", "c"));
  queue.wake_one();
  queue.wake_all();
}

Task<void> wake_each_other(WaitQueue* mine, WaitQueue* other, int* turns) {
  while (*turns > 0) {
    --*turns;
    other->wake_one();
    co_await mine->wait();
  }
  other->wake_one();
}

TEST_F(WaitingTest, WakingDoesNotDeepenTheStack) {
  WaitQueue ping;
  WaitQueue pong;
  int turns = 100'000;
  spawn(loop_, wake_each_other(&ping, &pong, &turns));
  spawn(loop_, wake_each_other(&pong, &ping, &turns));
  run_until_idle();
  EXPECT_EQ(turns, 0);
}

TEST_F(WaitingTest, DestroyedQueueDestroysWhoWaits) {
  auto witness = std::make_shared<int>(1);
  auto wait_with = [](WaitQueue* queue, [[maybe_unused]] std::shared_ptr<int> held) -> Task<void> {
    co_await queue->wait();
  };
  {
    WaitQueue queue;
    spawn(loop_, wait_with(&queue, witness));
    run_until_idle();
    EXPECT_EQ(witness.use_count(), 2);
  }
  run_until_idle();
  EXPECT_EQ(witness.use_count(), 1);
}

Task<void> hold(AsyncMutex* mutex, WaitQueue* done, std::vector<std::string>* events, std::string name) {
  AsyncMutex::Lock lock = co_await mutex->lock();
  events->push_back(name + " in");
  co_await done->wait();
  events->push_back(name + " out");
}

TEST_F(WaitingTest, MutexLetsOneInAtATimeInOrder) {
  AsyncMutex mutex;
  WaitQueue done;
  spawn(loop_, hold(&mutex, &done, &events_, "a"));
  spawn(loop_, hold(&mutex, &done, &events_, "b"));
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("a in"));
  done.wake_one();
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("a in", "a out", "b in"));
  spawn(loop_, hold(&mutex, &done, &events_, "c"));
  done.wake_one();
  run_until_idle();
  done.wake_one();
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("a in", "a out", "b in", "b out", "c in", "c out"));
  EXPECT_FALSE(mutex.is_locked());
}

TEST_F(WaitingTest, MutexIsNotTakenBetweenUnlockAndTheNextInLine) {
  AsyncMutex mutex;
  WaitQueue done;
  spawn(loop_, hold(&mutex, &done, &events_, "a"));
  spawn(loop_, hold(&mutex, &done, &events_, "b"));
  run_until_idle();
  done.wake_one();
  spawn(loop_, hold(&mutex, &done, &events_, "late"));
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("a in", "a out", "b in"));
  done.wake_one();
  run_until_idle();
  done.wake_one();
  run_until_idle();
}

Task<void> close_gate(Gate* gate, std::vector<std::string>* events) {
  co_await gate->close();
  events->push_back("closed");
}

TEST_F(WaitingTest, GateClosesWhenTheLastHasLeft) {
  Gate gate;
  std::optional<Gate::Pass> first = std::move(gate.enter()).value();
  std::optional<Gate::Pass> second = std::move(gate.enter()).value();
  spawn(loop_, close_gate(&gate, &events_));
  run_until_idle();
  Result<Gate::Pass> late = gate.enter();
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::closed);
  first.reset();
  run_until_idle();
  EXPECT_THAT(events_, IsEmpty());
  second.reset();
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("closed"));
}

TEST_F(WaitingTest, EmptyGateClosesAtOnceAndForEverybody) {
  Gate gate;
  spawn(loop_, close_gate(&gate, &events_));
  spawn(loop_, close_gate(&gate, &events_));
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("closed", "closed"));
}

TEST_F(WaitingTest, WorkerRunsElsewhereAndTheCallerContinuesAtHome) {
  WorkerThreads workers(2, "test");
  auto work = [](EventLoop* loop, WorkerThreads* threads) -> Task<bool> {
    std::thread::id home = std::this_thread::get_id();
    std::thread::id worker = co_await threads->run([] { return std::this_thread::get_id(); });
    co_return worker != home && loop->in_loop();
  };
  EXPECT_TRUE(run_blocking(loop_, work(&loop_, &workers)));
}

TEST_F(WaitingTest, ClosedWorkersLeaveTheWorkToTheCaller) {
  WorkerThreads workers(2, "test");
  workers.close();
  std::thread::id worker = run_blocking(loop_, workers.run([] { return std::this_thread::get_id(); }));
  EXPECT_EQ(worker, std::this_thread::get_id());
}

Task<void> take_memory(MemoryBudget* budget, std::vector<std::string>* events) {
  Result<MemoryPromise> promise = co_await await_memory(budget, MemoryUse::request, 1);
  events->push_back(promise ? "promised" : std::string(to_string(promise.error().code)));
}

TEST_F(WaitingTest, MemoryIsAwaitedUntilThereIsSomeOrTheTimeIsOver) {
  ManualClock clock;
  MemoryBudget budget(64 << 20, std::chrono::seconds(15), clock);
  MemoryAccount others("others");
  budget.add(&others);
  spawn(loop_, take_memory(nullptr, &events_));
  spawn(loop_, take_memory(&budget, &events_));
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("promised", "promised"));
  others.charge(budget.limit());
  spawn(loop_, take_memory(&budget, &events_));
  run_until_idle();
  EXPECT_THAT(events_, SizeIs(2));
  others.release(budget.limit());
  budget.serve();
  EXPECT_THAT(events_, SizeIs(2)) << "nobody runs inside the one who makes room";
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("promised", "promised", "promised"));
  others.charge(budget.limit());
  spawn(loop_, take_memory(&budget, &events_));
  run_until_idle();
  clock.advance(std::chrono::seconds(15));
  budget.serve();
  run_until_idle();
  EXPECT_THAT(events_, ElementsAre("promised", "promised", "promised", "overloaded"));
  others.release(budget.limit());
}

}  // namespace
}  // namespace shoal::io
