#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include "shoal/base/task.h"
#include "shoal/net/connection.h"
#include "shoal/net/request_handler.h"
#include "shoal/net/server_counters.h"
#include "shoal/net/server_options.h"

namespace shoal::net {

/// What the connections of one HttpServer have in common; lives as long as the last of its coroutines. One loop.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  using Executor = boost::asio::io_context::executor_type;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

  ServerCore(Acceptor acceptor, ServerOptions options, RequestHandler& handler);

  /// The coroutines of the server; each holds the core. They end when the server stops.
  static Task<void> accept_connections(std::shared_ptr<ServerCore> core);
  static Task<void> watch_time(std::shared_ptr<ServerCore> core);

  /// Accepts no more, closes idle connections, and waits until the others are done: for `grace`, then it breaks them
  /// off.
  static Task<void> stop(std::shared_ptr<ServerCore> core, std::chrono::milliseconds grace);

  const ServerOptions& options() const { return options_; }
  RequestHandler& handler() { return handler_; }
  ServerCounters& counters() { return counters_; }
  bool stopping() const { return stopping_; }
  /// The value of Date, made once a second.
  std::string_view date();

  /// For Connection.
  void add(Connection& connection);
  void remove(Connection& connection);

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  static Task<void> serve(std::shared_ptr<ServerCore> core, Stream::Socket socket, Endpoint peer, bool refused);
  void begin_serving(Stream::Socket socket, const Endpoint& peer);

  Acceptor acceptor_;
  const ServerOptions options_;
  RequestHandler& handler_;
  ServerCounters counters_;
  boost::intrusive::list<Connection> connections_;
  bool stopping_ = false;
  Timer watch_timer_;   // for watch_time()
  Timer accept_timer_;  // for accept_connections() after a failure
  Timer stop_timer_;    // for stop(); cancelled when the last connection ends
  std::chrono::sys_seconds date_second_{std::chrono::seconds(-1)};
  std::string date_text_;
};

}  // namespace shoal::net
