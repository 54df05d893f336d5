#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"

namespace shoal::io {
namespace internal {

template <typename T>
struct TaskValue {};
template <typename T>
struct TaskValue<Task<T>> {
  using type = T;
};

/// What a callable gives, in a form that can also stand for nothing.
template <typename T>
using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Runs on the target loop. `callable` and `result` live in the frame of the caller, which waits for `resume`.
template <typename T, typename Callable>
Task<void> run_and_resume(Callable* callable, std::optional<Stored<T>>* result, Resume<void> resume) {
  if constexpr (std::is_void_v<T>) {
    co_await std::invoke(*callable);
    result->emplace();
  } else {
    result->emplace(co_await std::invoke(*callable));
  }
  std::move(resume)();
}

}  // namespace internal

/// A callable that gives a coroutine.
template <typename Callable>
concept AsyncCallable = requires { typename internal::TaskValue<std::invoke_result_t<Callable&>>::type; };

/// Runs a coroutine on another loop; the caller waits, and continues on its own loop with the value.
///
///     std::optional<CachedBody> body = co_await run_on(home, [&] { return cache.get(key); });
///
/// `callable` is called on the target, and may refer to locals of the caller: callable and locals live until it is
/// done. On the same loop it is a plain co_await.
///
/// Costs, beyond the coroutine: three queue entries and two frames. Measured (GCC 12, -O2, CPU time of both loops
/// together): 1.2 µs while both loops are busy, and then no system call; 14 µs when each has to be woken through its
/// eventfd. On the same loop 0.07 µs. Prefer the overload below for short work.
template <AsyncCallable Callable>
std::invoke_result_t<Callable&> run_on(EventLoop& target, Callable callable) {
  using T = typename internal::TaskValue<std::invoke_result_t<Callable&>>::type;
  if (target.in_loop()) co_return co_await std::invoke(callable);

  std::optional<internal::Stored<T>> result;
  co_await suspend<void>([&](Resume<void> resume) {
    target.post([&target, &callable, &result, resume = std::move(resume)]() mutable {
      spawn(target, internal::run_and_resume<T>(&callable, &result, std::move(resume)));
    });
  });
  if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

/// Runs a plain function on another loop: for what needs no waiting there, such as a look-up in memory. One queue entry
/// there and one back, no coroutine on the target: 0.5 µs while both loops are busy. On the same loop it is a plain
/// call.
template <std::invocable Callable>
  requires(!AsyncCallable<Callable>)
Task<std::invoke_result_t<Callable&>> run_on(EventLoop& target, Callable callable) {
  using T = std::invoke_result_t<Callable&>;
  if (target.in_loop()) co_return std::invoke(callable);

  std::optional<internal::Stored<T>> result;
  co_await suspend<void>([&](Resume<void> resume) {
    target.post([&callable, &result, resume = std::move(resume)]() mutable {
      if constexpr (std::is_void_v<T>) {
        std::invoke(callable);
        result.emplace();
      } else {
        result.emplace(std::invoke(callable));
      }
      std::move(resume)();
    });
  });
  if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

}  // namespace shoal::io
