#pragma once

#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include "shoal/base/clock.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"
#include "shoal/io/timers.h"

namespace shoal::net {

/// A socket that is not ready for use yet, and the clock that ends the attempt to make it so. Both coroutines hold it:
/// the one that waits for the socket and the one that waits for the clock. One loop.
struct TimedSocket {
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, io::Executor>;

  /// Whatever waits for the socket at the deadline ends with an error, unless somebody cancels the timer.
  static std::shared_ptr<TimedSocket> until(io::EventLoop& loop, io::Timers& timers, MonotonicTime deadline);

  Socket socket;
  std::unique_ptr<io::Timer> timer;
  bool expired = false;
};

}  // namespace shoal::net
