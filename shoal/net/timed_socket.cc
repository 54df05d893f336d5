#include "shoal/net/timed_socket.h"

namespace shoal::net {
namespace {

Task<void> expire(std::shared_ptr<TimedSocket> timed, MonotonicTime deadline) {
  auto outcome = co_await timed->timer->wait_until(deadline);
  if (outcome == io::Timer::Outcome::cancelled) co_return;
  timed->expired = true;
  boost::system::error_code ignored;  // then it was ready in the last moment
  timed->socket.cancel(ignored);
}

}  // namespace

std::shared_ptr<TimedSocket> TimedSocket::until(io::EventLoop& loop, io::Timers& timers, MonotonicTime deadline) {
  auto timed = std::make_shared<TimedSocket>(Socket(loop.executor()), timers.make_timer());
  io::spawn(loop, expire(timed, deadline));
  return timed;
}

}  // namespace shoal::net
