#pragma once

#include <functional>
#include <utility>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "shoal/base/task.h"

namespace shoal::io {

using Executor = boost::asio::io_context::executor_type;

/// The right to continue one suspended coroutine, used once. Any thread may use it: the coroutine continues on its own
/// loop, from the loop's queue and never inside this call, so neither recursion nor a surprise under a caller's feet is
/// possible. Dropping it unused destroys the coroutine, on its loop.
template <typename T>
class Resume {
 public:
  Resume(Executor executor, std::move_only_function<void(T)> handler)
      : executor_(std::move(executor)), handler_(std::move(handler)) {}

  const Executor& executor() const { return executor_; }

  void operator()(T value) && {
    boost::asio::post(
        executor_, [handler = std::move(handler_), value = std::move(value)]() mutable { handler(std::move(value)); });
  }

 private:
  Executor executor_;
  std::move_only_function<void(T)> handler_;
};

template <>
class Resume<void> {
 public:
  Resume(Executor executor, std::move_only_function<void()> handler)
      : executor_(std::move(executor)), handler_(std::move(handler)) {}

  const Executor& executor() const { return executor_; }

  void operator()() && { boost::asio::post(executor_, std::move(handler_)); }

 private:
  Executor executor_;
  std::move_only_function<void()> handler_;
};

namespace internal {
template <typename T>
struct SuspendSignature {
  using type = void(T);
};
template <>
struct SuspendSignature<void> {
  using type = void();
};
}  // namespace internal

/// Stops the calling coroutine and hands the right to continue it to `start`, which runs before co_await gives control
/// back to the loop and may pass the right on to anywhere:
///
///     std::uint32_t sum = co_await suspend<std::uint32_t>([&](Resume<std::uint32_t> resume) {
///     workers.push(std::move(resume)); });
///
/// Await it where it is made: what `start` captures by reference must live until it ran. Costs no coroutine frame.
template <typename T, typename Start>
auto suspend(Start start) {
  return boost::asio::async_initiate<const boost::asio::deferred_t, typename internal::SuspendSignature<T>::type>(
      [start = std::move(start)](auto handler) mutable {
        Executor executor = handler.get_executor();
        start(Resume<T>(std::move(executor), std::move(handler)));
      },
      boost::asio::deferred);
}

}  // namespace shoal::io
