#include "shoal/net/tcp_connector.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "shoal/net/tcp_stream.h"
#include "shoal/net/timed_socket.h"

namespace shoal::net {

TcpConnector::TcpConnector(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host,
                           std::uint16_t port, Options options)
    : loop_(loop),
      timers_(timers),
      options_(options),
      names_(loop, timers, threads, std::move(host), port, options.names),
      poller_(loop, options.turn_time_max) {}

Task<Result<std::unique_ptr<Stream>>> TcpConnector::connect() {
  CO_TRY_ASSIGN(io::FileDescriptor socket, co_await connect_socket());
  co_return std::make_unique<TcpStream>(poller_, std::move(socket), timers_.clock());
}

Task<Result<io::FileDescriptor>> TcpConnector::connect_socket() {
  CO_TRY_ASSIGN(std::vector<Endpoint> endpoints, co_await names_.addresses());
  std::size_t first = turn_++ % endpoints.size();
  Result<io::FileDescriptor> socket = failure(ErrorCode::closed, "no address to connect to");
  for (std::size_t i = 0; i < endpoints.size() && !socket; ++i) {
    socket = co_await connect_to(endpoints[(first + i) % endpoints.size()]);
  }
  co_return socket;
}

Task<Result<io::FileDescriptor>> TcpConnector::connect_to(Endpoint endpoint) {
  auto attempt = TimedSocket::until(loop_, timers_, timers_.clock().monotonic() + options_.connect_timeout);
  auto [error] =
      co_await attempt->socket.async_connect(endpoint.native(), boost::asio::as_tuple(boost::asio::deferred));
  attempt->timer->cancel();
  if (attempt->expired) co_return failure(ErrorCode::timed_out, "connect to " + endpoint.to_string() + ": no answer");
  if (error) co_return failure(ErrorCode::closed, "connect to " + endpoint.to_string() + ": " + error.message());
  boost::system::error_code ignored;  // only slower, or later to be noticed, without
  attempt->socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  attempt->socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  attempt->socket.native_non_blocking(true, error);
  if (error) co_return failure(ErrorCode::io_error, "connect to " + endpoint.to_string() + ": " + error.message());
  io::FileDescriptor socket(attempt->socket.release(error));
  if (error) co_return failure(ErrorCode::io_error, "connect to " + endpoint.to_string() + ": " + error.message());
  co_return socket;
}

}  // namespace shoal::net
