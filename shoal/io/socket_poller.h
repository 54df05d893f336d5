#pragma once

#include <chrono>
#include <memory>

#include "shoal/io/event_loop.h"

namespace shoal::io {

class PolledSocket;

/// Tells the coroutines of one loop when their sockets are ready. Every socket is registered once (epoll,
/// edge-triggered), and between two requests of a connection nothing is tried that cannot succeed: Asio reads before it
/// waits, which finds nothing and costs a system call for each request.
///
/// Made on any thread; all else on the loop. What still waits when the loop is destroyed is destroyed with it, as
/// everywhere.
class SocketPoller {
 public:
  static constexpr std::chrono::milliseconds turn_time_max_by_default{1};

  /// After `turn_time_max` the loop's other work has its turn before more sockets are told: new connections, messages
  /// of other loops, what disks and timers finished.
  explicit SocketPoller(EventLoop& loop, std::chrono::nanoseconds turn_time_max = turn_time_max_by_default);
  /// Its sockets are gone by then.
  ~SocketPoller();
  SocketPoller(const SocketPoller&) = delete;  // sockets point here
  SocketPoller& operator=(const SocketPoller&) = delete;

 private:
  friend class PolledSocket;
  class State;

  const std::shared_ptr<State> state_;  // also held by what waits on the loop
};

}  // namespace shoal::io
