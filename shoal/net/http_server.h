#pragma once

#include <chrono>
#include <memory>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/net/endpoint.h"
#include "shoal/net/listener.h"
#include "shoal/net/request_handler.h"
#include "shoal/net/server_counters.h"
#include "shoal/net/server_options.h"

namespace shoal::net {

class ServerCore;

/// Serves HTTP/1.1 on one event loop. Several, one for each loop, listen on the same endpoint, and the kernel spreads
/// new connections over them (SO_REUSEPORT).
///
/// Destroy it after stop() has returned, or after its loop has stopped; what is still suspended on the loop stays
/// valid.
class HttpServer {
 public:
  /// Listens, and serves as soon as the loop runs. The handler outlives the loop's run. Any thread. The error is
  /// invalid_argument when the system knows no such congestion control, io_error when the endpoint cannot be had.
  static Result<std::unique_ptr<HttpServer>> listen(io::EventLoop& loop, Endpoint endpoint, ServerOptions options,
                                                    RequestHandler& handler);
  /// The same over a network and a clock of the caller's choice, the options' clock included. The timers may go before
  /// the server does.
  static std::unique_ptr<HttpServer> serve(io::EventLoop& loop, io::Timers& timers, std::unique_ptr<Listener> listener,
                                           ServerOptions options, RequestHandler& handler);
  ~HttpServer();

  /// With the port that the system chose, if it had to.
  Endpoint local_endpoint() const { return local_endpoint_; }

  /// Accepts no more and closes idle connections; running requests have `grace` to end, with `Connection: close`, then
  /// their connections are broken off. Returns when no handler runs any more. On the loop; once.
  Task<void> stop(std::chrono::milliseconds grace);

  /// Any thread.
  const ServerCounters& counters() const;

 private:
  explicit HttpServer(std::shared_ptr<ServerCore> core);

  std::shared_ptr<ServerCore> core_;
  Endpoint local_endpoint_;
};

}  // namespace shoal::net
