#include "shoal/io/loop_lag.h"

namespace shoal::io {

Task<void> LoopLag::watch() {
  Result<Gate::Pass> pass = gate_.enter();
  while (pass && !stopping_) {
    MonotonicTime due = timers_.clock().monotonic() + interval;
    Timer::Outcome outcome = co_await timer_->wait_until(due);
    if (outcome == Timer::Outcome::expired) lags_.record(timers_.clock().monotonic() - due);
  }
}

Task<void> LoopLag::stop() {
  stopping_ = true;
  timer_->cancel();
  co_await gate_.close();
}

}  // namespace shoal::io
