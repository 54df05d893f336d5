#include "shoal/rados/sweeper.h"

#include "shoal/base/log.h"

namespace shoal::rados {

Task<void> Sweeper::run() {
  auto pass = gate_.enter();
  while (pass && !gate_.is_closed()) {
    auto swept = co_await origin_.sweep();
    if (!swept) {
      spdlog::warn("rados sweep ended early error={} reason={}", to_string(swept.error().code),
                   log_value(swept.error().message));
    }
    if (gate_.is_closed()) break;
    co_await alarm_->wait_until(timers_.clock().monotonic() + interval_);
  }
}

Task<void> Sweeper::stop() {
  origin_.end_sweep();
  alarm_->cancel();
  co_await gate_.close();
}

}  // namespace shoal::rados
