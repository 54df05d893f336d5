#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "shoal/base/check.h"
#include "shoal/base/task.h"

namespace shoal::testing {

/// A coroutine that a test started and that runs whenever the test runs its loop.
template <typename T>
class Running {
 public:
  Running(boost::asio::io_context& loop, Task<T> task) : state_(std::make_shared<State>()) {
    boost::asio::co_spawn(loop, deliver(std::move(task), state_), [state = state_](std::exception_ptr exception) {
      state->done = true;
      state->exception = std::move(exception);
    });
  }

  bool done() const { return state_->done; }
  /// What the finished coroutine returned, once.
  T result() {
    CHECK_MSG(state_->done, "the coroutine is not finished");
    if (state_->exception) std::rethrow_exception(state_->exception);
    if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
  }

 private:
  struct State {
    bool done = false;
    std::exception_ptr exception;
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
  };

  static Task<void> deliver(Task<T> task, std::shared_ptr<State> state) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
    } else {
      state->value.emplace(co_await std::move(task));
    }
  }

  std::shared_ptr<State> state_;
};

/// Starts a coroutine and returns at once; it makes progress in run_until_idle() and run_task().
template <typename T>
[[nodiscard]] Running<T> start_task(boost::asio::io_context& loop, Task<T> task) {
  return Running<T>(loop, std::move(task));
}

/// Runs what can run now. Coroutines that wait for something which the test has yet to do stay suspended.
inline void run_until_idle(boost::asio::io_context& loop) {
  loop.restart();
  loop.poll();
}

/// Runs the loop on this thread until the coroutine is finished.
template <typename T>
T run_task(boost::asio::io_context& loop, Task<T> task) {
  Running<T> running(loop, std::move(task));
  loop.restart();
  while (!running.done()) CHECK_MSG(loop.run_one() > 0, "the coroutine waits for what nobody will do");
  return running.result();
}

}  // namespace shoal::testing
