#include "shoal/sim/simulated_timers.h"

#include <algorithm>
#include <optional>

#include "shoal/base/check.h"

namespace shoal::sim {

class SimulatedTimers::Alarm final : public io::Timer {
 public:
  Alarm(std::shared_ptr<Waiting> waiting, std::uint64_t number) : waiting_(std::move(waiting)), number_(number) {}
  ~Alarm() override { end_wait(); }

  Task<Outcome> wait_until(MonotonicTime deadline) override {
    co_return co_await io::suspend<Outcome>([this, deadline](io::Resume<Outcome> resume) {
      end_wait();
      deadline_ = deadline;
      waiting_->emplace(Key(deadline, number_), std::move(resume));
    });
  }

  void cancel() override { end_wait(); }

 private:
  void end_wait() {
    if (!deadline_) return;
    if (auto node = waiting_->extract(Key(*deadline_, number_))) std::move(node.mapped())(Outcome::cancelled);
    deadline_.reset();
  }

  std::shared_ptr<Waiting> waiting_;
  std::uint64_t number_;
  std::optional<MonotonicTime> deadline_;
};

SimulatedTimers::SimulatedTimers(io::EventLoop& loop, ManualClock& clock) : loop_(loop), clock_(clock) {
  CHECK_MSG(!loop.started(), "the test's thread runs the loop");
}

SimulatedTimers::~SimulatedTimers() {
  Waiting waiting = std::exchange(*waiting_, {});  // destroys the coroutines, and they their timers
}

std::unique_ptr<io::Timer> SimulatedTimers::make_timer() { return std::make_unique<Alarm>(waiting_, next_number_++); }

void SimulatedTimers::advance(std::chrono::nanoseconds by) {
  MonotonicTime end = clock_.monotonic() + by;
  run_until_idle();
  while (!waiting_->empty() && waiting_->begin()->first.first <= end) expire_first();
  if (clock_.monotonic() < end) clock_.advance(end - clock_.monotonic());
}

bool SimulatedTimers::advance_to_next() {
  run_until_idle();
  if (waiting_->empty()) return false;
  expire_first();
  return true;
}

void SimulatedTimers::run_until_idle() {
  loop_.context().restart();
  loop_.context().poll();
}

void SimulatedTimers::expire_first() {
  auto node = waiting_->extract(waiting_->begin());
  MonotonicTime deadline = node.key().first;
  if (deadline > clock_.monotonic()) clock_.advance(deadline - clock_.monotonic());
  std::move(node.mapped())(io::Timer::Outcome::expired);
  run_until_idle();
}

}  // namespace shoal::sim
