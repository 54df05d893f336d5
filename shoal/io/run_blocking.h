#pragma once

#include <exception>
#include <future>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>

#include "shoal/base/check.h"
#include "shoal/io/event_loop.h"

namespace shoal::io {
namespace internal {

/// Moves the value of a coroutine to where a thread waits for it.
template <typename T, typename Target>
Task<void> deliver(Task<T> task, Target* target) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    target->emplace();
  } else {
    target->emplace(co_await std::move(task));
  }
}

}  // namespace internal

/// Runs a coroutine on the loop and waits for its value, for main() and for tests; an exception of the coroutine comes
/// out here. A started loop runs it on its thread, and the caller, on any other thread, sleeps. A loop that was not
/// started is run by the calling thread until the coroutine is done; what else is queued then stays queued.
template <typename T>
T run_blocking(EventLoop& loop, Task<T> task) {
  CHECK_MSG(!loop.in_loop(), "a loop that waits for itself waits forever");
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
  std::promise<std::exception_ptr> finished;
  std::future<std::exception_ptr> outcome = finished.get_future();
  bool done = false;  // read by this thread only when it runs the loop itself
  boost::asio::co_spawn(loop.executor(), internal::deliver(std::move(task), &value), [&](std::exception_ptr exception) {
    done = true;
    finished.set_value(std::move(exception));
  });
  if (!loop.started()) {
    loop.context().restart();
    while (!done) CHECK_MSG(loop.context().run_one() > 0, "the coroutine waits for what nobody will do");
  }
  if (std::exception_ptr exception = outcome.get()) std::rethrow_exception(std::move(exception));
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// The same on a loop that exists for this one call.
template <typename T>
T run_blocking(Task<T> task) {
  EventLoop loop;
  return run_blocking(loop, std::move(task));
}

}  // namespace shoal::io
