#include "shoal/net/tcp_listener.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "shoal/net/tcp_stream.h"
#include "shoal/net/tls_stream.h"

namespace shoal::net {
namespace {

Result<void> set_option(int socket, int level, int name, int value, const char* what) {
  if (::setsockopt(socket, level, name, &value, sizeof value) == 0) return {};
  return failure(ErrorCode::io_error, std::string("set ") + what + ": " + std::generic_category().message(errno));
}

/// Linux lets accepted sockets inherit these.
Result<void> set_options(int socket, const ServerOptions& options) {
  TRY(set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  TRY(set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT"));
  TRY(set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"));
  if (options.send_buffer_bytes > 0) {
    TRY(set_option(socket, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes, "SO_SNDBUF"));
  }
  if (options.unsent_bytes_max > 0) {
    TRY(set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_bytes_max, "TCP_NOTSENT_LOWAT"));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<TcpListener>> TcpListener::open(io::EventLoop& loop, const Endpoint& endpoint,
                                                       const ServerOptions& options) {
  std::unique_ptr<TcpListener> listener(new TcpListener(loop, options));
  TRY(listener->bind(endpoint, options));
  return listener;
}

Result<void> TcpListener::bind(const Endpoint& endpoint, const ServerOptions& options) {
  auto attempt = [&endpoint](const char* what, const boost::system::error_code& error) -> Result<void> {
    if (!error) return {};
    return failure(ErrorCode::io_error, std::string(what) + " " + endpoint.to_string() + ": " + error.message());
  };
  boost::system::error_code error;
  acceptor_.open(endpoint.native().protocol(), error);
  TRY(attempt("open a socket for", error));
  TRY(set_options(acceptor_.native_handle(), options));
  TRY_ASSIGN(congestion_control_, CongestionControl::prepare(acceptor_.native_handle(), options.congestion_control));
  acceptor_.bind(endpoint.native(), error);
  TRY(attempt("bind to", error));
  acceptor_.listen(options.accept_backlog, error);
  TRY(attempt("listen on", error));
  auto local = acceptor_.local_endpoint(error);
  TRY(attempt("name the socket of", error));
  local_endpoint_ = Endpoint(local);
  acceptor_.native_non_blocking(true, error);
  TRY(attempt("not wait for", error));
  return {};
}

Result<void> TcpListener::check_unused(const Endpoint& endpoint) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket socket(context);
  boost::system::error_code error;
  socket.open(endpoint.native().protocol(), error);
  // Connections that linger from an earlier server are no obstacle (SO_REUSEADDR); a listener is (no SO_REUSEPORT).
  if (!error) socket.set_option(boost::asio::socket_base::reuse_address(true), error);
  if (!error) socket.bind(endpoint.native(), error);
  if (!error) return {};
  return failure(ErrorCode::io_error, "bind to " + endpoint.to_string() + ": " + error.message());
}

Task<Result<Listener::Accepted>> TcpListener::accept() {
  boost::asio::ip::tcp::endpoint peer;
  io::FileDescriptor socket;
  for (;;) {
    if (accepts_left_ == 0) {
      auto [error] = co_await acceptor_.async_wait(Acceptor::wait_read, boost::asio::as_tuple(boost::asio::deferred));
      if (error) co_return failure(ErrorCode::closed, "accept: nobody listens any more");
      accepts_left_ = accepts_at_once_;
    }
    --accepts_left_;
    auto bytes = static_cast<socklen_t>(peer.capacity());
    socket =
        io::FileDescriptor(::accept4(acceptor_.native_handle(), peer.data(), &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC));
    int error_number = errno;
    if (socket) break;
    if (error_number == EINTR) continue;
    accepts_left_ = 0;
    if (error_number == EAGAIN || error_number == EWOULDBLOCK) continue;
    ErrorCode code = error_number == ECONNABORTED ? ErrorCode::cancelled : ErrorCode::io_error;
    co_return failure(code, "accept: " + std::generic_category().message(error_number));
  }
  congestion_control_.choose(socket.get());
  if (tls_ == nullptr) {
    co_return Accepted{std::make_unique<TcpStream>(poller_, std::move(socket), clock_), Endpoint(peer)};
  }
  TlsContext::SslPointer ssl = tls_->begin(socket.get());
  if (ssl == nullptr) co_return failure(ErrorCode::io_error, "accept: no memory for TLS");
  co_return Accepted{std::make_unique<TlsStream>(poller_, std::move(socket), clock_, std::move(ssl)), Endpoint(peer)};
}

void TcpListener::close() {
  accepts_left_ = 0;
  boost::system::error_code ignored;  // nothing would be done about it
  acceptor_.close(ignored);
}

}  // namespace shoal::net
