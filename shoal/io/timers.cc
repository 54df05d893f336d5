#include "shoal/io/timers.h"

#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>

#include "shoal/io/suspend.h"

namespace shoal::io {
namespace {

using SteadyTimer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

class LoopTimer final : public Timer {
 public:
  explicit LoopTimer(Executor executor) : timer_(std::move(executor)) {}

  Task<Outcome> wait_until(MonotonicTime deadline) override {
    co_return co_await suspend<Outcome>([this, deadline](Resume<Outcome> resume) {
      timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(deadline));
      timer_.async_wait([resume = std::move(resume)](boost::system::error_code error) mutable {
        std::move(resume)(error ? Outcome::cancelled : Outcome::expired);
      });
    });
  }

  void cancel() override { timer_.cancel(); }

 private:
  SteadyTimer timer_;
};

}  // namespace

Task<void> Timers::sleep_until(MonotonicTime deadline) {
  std::unique_ptr<Timer> timer = make_timer();
  co_await timer->wait_until(deadline);
}

Task<void> Timers::sleep_for(std::chrono::nanoseconds duration) { return sleep_until(clock().monotonic() + duration); }

std::unique_ptr<Timer> LoopTimers::make_timer() { return std::make_unique<LoopTimer>(loop_.executor()); }

}  // namespace shoal::io
