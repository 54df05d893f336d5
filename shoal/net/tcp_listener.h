#pragma once

#include <memory>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shoal/io/event_loop.h"
#include "shoal/io/socket_poller.h"
#include "shoal/net/congestion_control.h"
#include "shoal/net/listener.h"
#include "shoal/net/server_options.h"

namespace shoal::net {

/// Listens on a TCP port, for TLS or for plain connections. Several, one for each loop, may share an endpoint: the
/// kernel spreads new connections over them (SO_REUSEPORT).
class TcpListener final : public Listener {
 public:
  /// The error is invalid_argument when the system knows no such congestion control, io_error when the endpoint cannot
  /// be had. The loop, the options' clock and their TLS context outlive the listener. Any thread.
  static Result<std::unique_ptr<TcpListener>> open(io::EventLoop& loop, const Endpoint& endpoint,
                                                   const ServerOptions& options);

  /// Fails with io_error when somebody else listens on the endpoint. open() would share it with another process of the
  /// same user, and clients would meet the two in turn.
  static Result<void> check_unused(const Endpoint& endpoint);

  Task<Result<Accepted>> accept() override;
  void close() override;
  Endpoint local_endpoint() const override { return local_endpoint_; }

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  TcpListener(io::EventLoop& loop, const ServerOptions& options)
      : acceptor_(loop.executor()),
        poller_(loop, options.turn_time_max),
        clock_(*options.clock),
        tls_(options.tls),
        accepts_at_once_(options.accepts_at_once) {}
  Result<void> bind(const Endpoint& endpoint, const ServerOptions& options);

  Acceptor acceptor_;
  io::SocketPoller poller_;  // of the accepted
  const Clock& clock_;
  const TlsContext* const tls_;
  const std::uint32_t accepts_at_once_;
  std::uint32_t accepts_left_ = 0;  // until the loop has its turn
  CongestionControl congestion_control_;
  Endpoint local_endpoint_;
};

}  // namespace shoal::net
