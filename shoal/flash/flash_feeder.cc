#include "shoal/flash/flash_feeder.h"

#include <algorithm>

namespace shoal::flash {

// What a turn wrote beyond its part is missing to the next ones; what it did not need is not saved up.
Task<void> FlashFeeder::run() {
  Result<io::Gate::Pass> pass = gate_.enter();
  std::uint64_t per_turn = std::max<std::uint64_t>(
      1, options_.bytes_per_second * static_cast<std::uint64_t>(options_.interval.count()) / 1000);
  std::uint64_t debt = 0;
  preview_.tell_evictions([this](const EvictionCandidate& candidate) { cache_.keep_evicted(candidate); });
  while (pass && !stopping_) {
    io::Timer::Outcome outcome = co_await timer_->wait_until(timers_.clock().monotonic() + options_.interval);
    if (outcome != io::Timer::Outcome::expired || stopping_) continue;
    std::uint64_t allowed = per_turn - std::min(per_turn, debt);
    debt -= std::min(per_turn, debt);
    if (allowed == 0) continue;
    std::uint64_t written = co_await cache_.feed(&preview_, allowed);
    debt += written - std::min(written, allowed);
  }
  preview_.tell_evictions(nullptr);
}

Task<void> FlashFeeder::stop() {
  stopping_ = true;
  timer_->cancel();
  co_await gate_.close();
}

}  // namespace shoal::flash
