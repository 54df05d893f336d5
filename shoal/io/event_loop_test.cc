#include "shoal/io/event_loop.h"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"
#include "shoal/io/run_on.h"

namespace shoal::io {
namespace {

Task<int> answer() { co_return 42; }

Task<std::unique_ptr<std::string>> owned_text(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}

Task<void> throw_something() {
  throw std::runtime_error("expected by the test");
  co_return;
}

EventLoopGroup::Options two_loops() {
  EventLoopGroup::Options options;
  options.loops = 2;
  return options;
}

TEST(EventLoopTest, RunsWhatIsPostedOnItsThread) {
  EventLoop loop;
  loop.start();
  std::promise<bool> in_loop;
  loop.post([&] { in_loop.set_value(loop.in_loop()); });
  EXPECT_TRUE(in_loop.get_future().get());
  EXPECT_FALSE(loop.in_loop());
}

TEST(EventLoopTest, StopsFromItsOwnThread) {
  EventLoop loop;
  loop.start();
  std::promise<void> stopped;
  loop.post([&] {
    loop.stop();
    stopped.set_value();
  });
  stopped.get_future().wait();
  loop.stop();
}

TEST(EventLoopTest, NamesItsThread) {
  EventLoop::Options options;
  options.name = "a name longer than the system keeps";
  EventLoop loop(options);
  loop.start();
  std::promise<std::string> name;
  loop.post([&] {
    char text[16] = {};
    pthread_getname_np(pthread_self(), text, sizeof text);
    name.set_value(text);
  });
  EXPECT_EQ(name.get_future().get(), "a name longer t");
}

TEST(EventLoopTest, StaysOnItsCpu) {
  EventLoop::Options options;
  options.cpu = static_cast<unsigned>(sched_getcpu());
  EventLoop loop(options);
  loop.start();
  std::promise<unsigned> cpu;
  loop.post([&] { cpu.set_value(static_cast<unsigned>(sched_getcpu())); });
  EXPECT_EQ(cpu.get_future().get(), *options.cpu);
}

/// Suspends until somebody uses `resume`; keeps `witness` alive meanwhile.
Task<void> wait_for_ever([[maybe_unused]] std::shared_ptr<int> witness, std::optional<Resume<void>>* resume,
                         std::promise<void>* waiting) {
  co_await suspend<void>([&](Resume<void> right) {
    resume->emplace(std::move(right));
    waiting->set_value();
  });
}

TEST(EventLoopTest, DestroysWhatIsSuspendedWithTheLoop) {
  auto witness = std::make_shared<int>(1);
  {
    std::optional<Resume<void>> resume;
    std::promise<void> waiting;
    EventLoop loop;
    spawn(loop, wait_for_ever(witness, &resume, &waiting));
    loop.context().poll();
    EXPECT_EQ(witness.use_count(), 2);
    resume.reset();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(EventLoopDeathTest, ExceptionOfASpawnedTaskStopsTheProcess) {
  EXPECT_DEATH(
      {
        EventLoop loop;
        spawn(loop, throw_something());
        loop.context().run();
      },
      "expected by the test");
}

TEST(RunBlockingTest, GivesTheValueOfTheCoroutine) {
  EXPECT_EQ(run_blocking(answer()), 42);
  EventLoop loop;
  EXPECT_EQ(run_blocking(loop, answer()), 42);
  EXPECT_EQ(run_blocking(loop, answer()), 42);
  loop.start();
  EXPECT_EQ(run_blocking(loop, answer()), 42);
}

TEST(RunBlockingTest, PassesOnAnException) { EXPECT_THROW(run_blocking(throw_something()), std::runtime_error); }

Task<std::pair<bool, bool>> where_does_it_run(EventLoop* home, EventLoop* away) {
  auto on_away = [away]() -> bool { return away->in_loop(); };
  bool there = co_await run_on(*away, on_away);
  co_return std::pair(there, home->in_loop());
}

TEST(RunOnTest, RunsOnTheTargetAndComesHome) {
  EventLoopGroup loops(two_loops());
  loops.start();
  EXPECT_EQ(run_blocking(loops[0], where_does_it_run(&loops[0], &loops[1])), std::pair(true, true));
}

Task<std::string> fetch_twice(EventLoop* away) {
  auto get = [] { return owned_text("from afar"); };
  std::unique_ptr<std::string> first = co_await run_on(*away, get);
  std::unique_ptr<std::string> second = co_await run_on(*away, get);
  co_return *first + ", " + *second;
}

TEST(RunOnTest, CarriesMoveOnlyValues) {
  EventLoopGroup loops(two_loops());
  loops.start();
  EXPECT_EQ(run_blocking(loops[0], fetch_twice(&loops[1])), "from afar, from afar");
  EXPECT_EQ(run_blocking(loops[0], fetch_twice(&loops[0])), "from afar, from afar") << "the same loop";
}

Task<void> count(int* counter) {
  ++*counter;
  co_return;
}

Task<void> bounce(EventLoop* away, int* counter, int times) {
  for (int i = 0; i < times; ++i) {
    co_await run_on(*away, [counter] { return count(counter); });
    co_await run_on(*away, [counter] { ++*counter; });
  }
}

TEST(RunOnTest, CountersOfALoopNeedNoLock) {
  EventLoopGroup::Options options;
  options.loops = 3;
  EventLoopGroup loops(options);
  loops.start();
  int counter = 0;  // owned by loop 2
  std::thread other([&] { run_blocking(loops[0], bounce(&loops[2], &counter, 1000)); });
  run_blocking(loops[1], bounce(&loops[2], &counter, 1000));
  other.join();
  EXPECT_EQ(run_blocking(loops[0], run_on(loops[2], [&] { return counter; })), 4000);
}

Task<void> wait_there(EventLoop* away, std::shared_ptr<int> witness, std::optional<Resume<void>>* resume,
                      std::promise<void>* waiting) {
  co_await run_on(*away, [&] { return wait_for_ever(witness, resume, waiting); });
}

TEST(EventLoopGroupTest, DestroysCoroutinesThatWaitForEachOther) {
  auto witness = std::make_shared<int>(1);
  {
    EventLoopGroup loops(two_loops());
    std::optional<Resume<void>> resume;
    loops.start();
    std::promise<void> waiting;
    spawn(loops[0], wait_there(&loops[1], witness, &resume, &waiting));
    waiting.get_future().wait();
    loops.stop();
    EXPECT_EQ(witness.use_count(), 3);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace shoal::io
