#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "shoal/io/suspend.h"

namespace shoal::io {

/// A few threads for system calls that block, so that no loop has to wait. Any thread may call.
class WorkerThreads {
 public:
  WorkerThreads(std::size_t threads, const std::string& name);
  ~WorkerThreads();  // as close()
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  /// Runs a plain function on one of the threads; the caller waits, and continues on its loop with the value.
  template <typename Function>
  Task<std::invoke_result_t<Function&>> run(Function function) {
    std::optional<std::invoke_result_t<Function&>> result;
    co_await suspend<void>([&](Resume<void> resume) {
      add([&function, &result, resume = std::move(resume)]() mutable {
        result.emplace(function());
        std::move(resume)();
      });
    });
    co_return std::move(*result);
  }

  /// Waits until what was given to run() is done, and ends the threads; the loops of the callers must still be there.
  /// Later functions run on the thread of their caller.
  void close();

 private:
  using Job = std::move_only_function<void()>;

  void add(Job job);
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // guarded by mutex_
  bool closed_ = false;   // guarded by mutex_

  std::vector<std::thread> threads_;
};

}  // namespace shoal::io
