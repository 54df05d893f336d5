#include "shoal/io/join.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"

namespace shoal::io {
namespace {

/// What the tasks of one join share; it lives in the frame of join_all, which outlives them.
struct Join {
  std::size_t running = 0;
  std::optional<Resume<void>> resume;

  void leave() {
    if (--running == 0) std::move (*std::exchange(resume, std::nullopt))();
  }
};

Task<void> run_one(Join* join, Task<void> task) {
  co_await std::move(task);
  join->leave();
}

/// Takes the next index until there is none.
Task<void> run_share(std::size_t* next, std::size_t count, const std::function<Task<void>(std::size_t)>* start) {
  while (*next < count) {
    std::size_t index = (*next)++;
    co_await (*start)(index);
  }
}

}  // namespace

Task<void> join_all(std::vector<Task<void>> tasks) {
  Executor executor = co_await boost::asio::this_coro::executor;
  Join join;
  // One more than there are tasks: a task may be done before the next one was started.
  join.running = tasks.size() + 1;
  co_await suspend<void>([&](Resume<void> resume) {
    join.resume.emplace(std::move(resume));
    for (Task<void>& task : tasks) spawn(executor, run_one(&join, std::move(task)));
    join.leave();
  });
}

Task<void> for_each_at_once(std::size_t count, std::size_t at_once, std::function<Task<void>(std::size_t)> start) {
  std::size_t next = 0;
  std::vector<Task<void>> shares;
  for (std::size_t i = 0; i < std::min(count, at_once); ++i) shares.push_back(run_share(&next, count, &start));
  co_await join_all(std::move(shares));
}

}  // namespace shoal::io
