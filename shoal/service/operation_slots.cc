#include "shoal/service/operation_slots.h"

namespace shoal::service {

OperationSlots::OperationSlots(io::EventLoop& loop, io::Timers& timers, Options options)
    : loop_(loop), timers_(timers), options_(options) {}

std::optional<OperationSlots::Slot> OperationSlots::try_enter() {
  if (counters_.running.value() >= options_.running_max) return std::nullopt;
  counters_.running.add(1);
  return Slot(this);
}

Task<Result<OperationSlots::Slot>> OperationSlots::enter() {
  if (std::optional<Slot> slot = try_enter()) co_return *std::move(slot);
  if (waiting_.size() >= options_.waiting_max) {
    counters_.refused.add(1);
    co_return failure(ErrorCode::overloaded, "too many operations wait already");
  }
  MonotonicTime deadline = timers_.clock().monotonic() + options_.wait_timeout;
  bool has_slot = co_await io::suspend<bool>([this, deadline](io::Resume<bool> resume) {
    waiting_.push_back({deadline, std::move(resume)});
    counters_.waiting.add(1);
    if (!std::exchange(watching_, true)) io::spawn(loop_, watch_deadlines());
  });
  if (has_slot) co_return Slot(this);
  counters_.timed_out.add(1);
  co_return failure(ErrorCode::overloaded, "no turn in time");
}

void OperationSlots::leave() {
  if (waiting_.empty()) {
    counters_.running.subtract(1);
  } else {
    answer_first(true);  // who takes over the slot
  }
}

void OperationSlots::answer_first(bool has_slot) {
  io::Resume<bool> resume = std::move(waiting_.front().resume);
  waiting_.pop_front();
  counters_.waiting.subtract(1);
  std::move(resume)(has_slot);
}

Task<void> OperationSlots::watch_deadlines() {
  while (true) {
    MonotonicTime now = timers_.clock().monotonic();
    while (!waiting_.empty() && waiting_.front().deadline <= now) answer_first(false);
    if (waiting_.empty()) break;
    co_await timers_.sleep_until(waiting_.front().deadline);
  }
  watching_ = false;
}

}  // namespace shoal::service
