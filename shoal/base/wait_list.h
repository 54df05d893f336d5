#pragma once

#include <functional>
#include <list>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "shoal/base/task.h"

namespace shoal {

/// Coroutines of one loop that wait for one event, in the order in which they came. Woken ones continue from the queue
/// of the loop, never inside the call that wakes them. Those that still wait when the list goes are destroyed with it.
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;  // waiting coroutines point here
  WaitList& operator=(const WaitList&) = delete;

  /// `bool woken = co_await list.wait();` is false when the waiting coroutine was cancelled (Asio's cancellation)
  /// before it was woken. Await it where it is made.
  auto wait() {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
        [this](auto handler) { add(std::move(handler)); }, boost::asio::deferred);
  }

  void wake_all() {
    while (wake_one()) {
    }
  }

  /// Wakes the one that waits longest; whether there was one.
  bool wake_one() {
    if (waiters_.empty()) return false;
    waiters_.front().slot.clear();
    resume(waiters_.begin(), true);
    return true;
  }

  std::size_t size() const { return waiters_.size(); }
  bool empty() const { return waiters_.empty(); }

 private:
  using Executor = boost::asio::io_context::executor_type;
  struct Waiter {
    Executor executor;
    boost::asio::cancellation_slot slot;
    std::move_only_function<void(bool)> handler;
  };
  using Position = std::list<Waiter>::iterator;

  template <typename Handler>
  void add(Handler handler) {
    Executor executor = handler.get_executor();
    boost::asio::cancellation_slot slot = boost::asio::get_associated_cancellation_slot(handler);
    waiters_.push_back({executor, boost::asio::cancellation_slot(), std::move(handler)});
    if (!slot.is_connected()) return;
    Position position = std::prev(waiters_.end());
    position->slot = slot;
    slot.assign([this, position, used = false](boost::asio::cancellation_type) mutable {
      if (!std::exchange(used, true)) resume(position, false);
    });
  }

  void resume(Position waiter, bool woken) {
    boost::asio::post(waiter->executor, [handler = std::move(waiter->handler), woken]() mutable { handler(woken); });
    waiters_.erase(waiter);
  }

  std::list<Waiter> waiters_;
};

}  // namespace shoal
