#include "shoal/net/deadline_watch.h"

#include <algorithm>
#include <vector>

namespace shoal::net {
namespace {

/// So much later than it should a wait may end.
constexpr std::chrono::milliseconds tick{25};

}  // namespace

struct DeadlineWatch::State {
  const Clock& clock;
  std::unique_ptr<io::Timer> timer;
  std::vector<Stream*> streams;
  bool watching = false;
  bool ended = false;
};

DeadlineWatch::DeadlineWatch(io::EventLoop& loop, io::Timers& timers)
    : loop_(loop), state_(std::make_shared<State>(timers.clock(), timers.make_timer())) {}

DeadlineWatch::~DeadlineWatch() {
  state_->ended = true;
  state_->timer->cancel();
}

void DeadlineWatch::add(Stream& stream) {
  state_->streams.push_back(&stream);
  if (state_->watching) return;
  state_->watching = true;
  io::spawn(loop_, watch(state_));
}

void DeadlineWatch::remove(Stream& stream) { std::erase(state_->streams, &stream); }

Task<void> DeadlineWatch::watch(std::shared_ptr<State> state) {
  while (!state->ended && !state->streams.empty()) {
    co_await state->timer->wait_until(state->clock.monotonic() + tick);
    MonotonicTime now = state->clock.monotonic();
    for (Stream* stream : state->streams) stream->check_deadline(now);
  }
  state->watching = false;
}

}  // namespace shoal::net
