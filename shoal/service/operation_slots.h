#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/suspend.h"
#include "shoal/io/timers.h"
#include "shoal/metrics/loop_counter.h"

namespace shoal::service {

/// Lets a bounded number of operations run at a time; a bounded number of others waits for a turn, in order of their
/// coming and for a bounded time. What comes beyond fails with `overloaded` at once: work that nobody waits for any
/// more when it is done would only make everything else late. One loop.
class OperationSlots {
 public:
  struct Options {
    std::size_t running_max = 1'024;
    std::size_t waiting_max = 4'096;
    std::chrono::milliseconds wait_timeout{5'000};
  };
  struct Counters {
    metrics::LoopCounter running;    ///< now
    metrics::LoopCounter waiting;    ///< now
    metrics::LoopCounter refused;    ///< since the start: there were too many already
    metrics::LoopCounter timed_out;  ///< since the start: while they waited
  };

  /// The right to run, until destroyed.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->leave();
    }

   private:
    friend class OperationSlots;
    explicit Slot(OperationSlots* slots) : slots_(slots) {}

    OperationSlots* slots_;
  };

  /// `timers` outlives the object.
  OperationSlots(io::EventLoop& loop, io::Timers& timers, Options options);
  OperationSlots(const OperationSlots&) = delete;  // slots point here
  OperationSlots& operator=(const OperationSlots&) = delete;

  Task<Result<Slot>> enter();
  /// The same without waiting; nothing when that would be needed.
  std::optional<Slot> try_enter();

  /// Any thread.
  const Counters& counters() const { return counters_; }

 private:
  struct Waiting {
    MonotonicTime deadline;
    io::Resume<bool> resume;  ///< whether it has a slot
  };

  void leave();
  /// Gives the first in the queue its slot, or a refusal.
  void answer_first(bool has_slot);
  /// Refuses those whose time is over, until nobody waits.
  Task<void> watch_deadlines();

  io::EventLoop& loop_;
  io::Timers& timers_;
  const Options options_;
  std::deque<Waiting> waiting_;  // all wait equally long, so the first deadline is the first one's
  Counters counters_;
  bool watching_ = false;
};

}  // namespace shoal::service
