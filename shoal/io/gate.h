#pragma once

#include <cstddef>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/wait_queue.h"

namespace shoal::io {

/// Lets an object with work in flight end in order: every operation holds a Pass while it uses the object, close()
/// refuses new ones and waits for those inside, and then the object may go. One loop.
class Gate {
 public:
  /// "I am inside", until destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    friend class Gate;
    explicit Pass(Gate* gate) : gate_(gate) {}

    Gate* gate_;
  };

  Gate() = default;
  ~Gate() { CHECK_MSG(inside_ == 0, "work is still inside the gate"); }
  Gate(const Gate&) = delete;  // passes point here
  Gate& operator=(const Gate&) = delete;

  /// ErrorCode::closed once close() was called.
  Result<Pass> enter() {
    if (closed_) return failure(ErrorCode::closed, "it is shutting down");
    ++inside_;
    return Pass(this);
  }

  /// Refuses who comes from now on; done when the last one inside has left. May be called again.
  Task<void> close() {
    closed_ = true;
    while (inside_ > 0) co_await empty_.wait();
  }

  bool is_closed() const { return closed_; }
  std::size_t inside() const { return inside_; }

 private:
  void leave() {
    if (--inside_ == 0) empty_.wake_all();
  }

  bool closed_ = false;
  std::size_t inside_ = 0;
  WaitQueue empty_;
};

}  // namespace shoal::io
