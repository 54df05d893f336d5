#include "shoal/io/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"
#include "shoal/io/suspend.h"

namespace shoal::io {
namespace {

struct Crowd {
  std::size_t running = 0;
  std::size_t most = 0;
  std::vector<int> done;
};

Task<void> visit(Crowd* crowd, int turns, int name) {
  crowd->most = std::max(crowd->most, ++crowd->running);
  for (int i = 0; i < turns; ++i) {
    co_await suspend<void>([](Resume<void> resume) { std::move(resume)(); });
  }
  --crowd->running;
  crowd->done.push_back(name);
}

TEST(JoinTest, RunsAllAtTheSameTimeAndWaitsForTheLast) {
  Crowd crowd;
  std::vector<Task<void>> tasks;
  tasks.push_back(visit(&crowd, 3, 3));
  tasks.push_back(visit(&crowd, 0, 0));
  tasks.push_back(visit(&crowd, 1, 1));
  run_blocking(join_all(std::move(tasks)));
  EXPECT_THAT(crowd.done, testing::ElementsAre(0, 1, 3));
}

TEST(JoinTest, OfNothingReturns) { run_blocking(join_all({})); }

TEST(JoinTest, KeepsToTheNumberAtOnce) {
  Crowd crowd;
  run_blocking(for_each_at_once(
      20, 4, [&](std::size_t i) { return visit(&crowd, static_cast<int>(i % 3), static_cast<int>(i)); }));
  EXPECT_EQ(crowd.done.size(), 20U);
  EXPECT_EQ(crowd.most, 4U);
}

}  // namespace
}  // namespace shoal::io
