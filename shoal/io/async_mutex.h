#pragma once

#include <utility>

#include "shoal/base/check.h"
#include "shoal/io/wait_queue.h"

namespace shoal::io {

/// Lets one coroutine of a loop at a time through a stretch of code that waits in between; in the order of their
/// coming. Between loops there is nothing to lock (DESIGN section 4).
class AsyncMutex {
 public:
  /// Held until destroyed.
  class Lock {
   public:
    Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (mutex_ != nullptr) mutex_->unlock();
    }

   private:
    friend class AsyncMutex;
    explicit Lock(AsyncMutex* mutex) : mutex_(mutex) {}

    AsyncMutex* mutex_;
  };

  ~AsyncMutex() { CHECK_MSG(!locked_, "destroyed while locked"); }
  AsyncMutex() = default;
  AsyncMutex(const AsyncMutex&) = delete;
  AsyncMutex& operator=(const AsyncMutex&) = delete;

  Task<Lock> lock() {
    if (locked_) {
      co_await waiting_.wait();  // who unlocks hands it over locked: nobody comes in between
    } else {
      locked_ = true;
    }
    co_return Lock(this);
  }

  bool is_locked() const { return locked_; }

 private:
  void unlock() {
    if (waiting_.empty()) {
      locked_ = false;
    } else {
      waiting_.wake_one();
    }
  }

  bool locked_ = false;
  WaitQueue waiting_;
};

}  // namespace shoal::io
