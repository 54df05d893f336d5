#pragma once

#include <cstddef>
#include <list>
#include <utility>

#include "shoal/io/suspend.h"

namespace shoal::io {

/// Coroutines of one loop that wait until somebody wakes them, first come first served. The condition is the caller's:
///
///     while (!synced(position)) co_await queue.wait();
///
/// Whoever is woken continues from the loop's queue, after the waker went on; what held when he was woken may have
/// changed. Destroying the queue destroys who waits in it.
class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;  // waiting coroutines point here
  WaitQueue& operator=(const WaitQueue&) = delete;

  /// `co_await queue.wait();` Costs no coroutine frame.
  auto wait() {
    return suspend<void>([this](Resume<void> resume) { waiting_.push_back(std::move(resume)); });
  }

  void wake_one() {
    if (waiting_.empty()) return;
    Resume<void> resume = std::move(waiting_.front());
    waiting_.pop_front();
    std::move(resume)();
  }

  void wake_all() {
    std::list<Resume<void>> waiting = std::exchange(waiting_, {});
    for (Resume<void>& resume : waiting) std::move(resume)();
  }

  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

 private:
  std::list<Resume<void>> waiting_;  // no memory while nobody waits: most of these live as long as one write
};

}  // namespace shoal::io
