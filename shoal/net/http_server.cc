#include "shoal/net/http_server.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "shoal/net/server_core.h"

namespace shoal::net {
namespace {

Result<void> set_option(int socket, int level, int name, const void* value, std::size_t bytes, const char* what) {
  if (::setsockopt(socket, level, name, value, static_cast<socklen_t>(bytes)) == 0) return {};
  ErrorCode code = errno == ENOENT ? ErrorCode::invalid_argument : ErrorCode::io_error;
  return failure(code, std::string("set ") + what + ": " + std::generic_category().message(errno));
}

Result<void> set_option(int socket, int level, int name, int value, const char* what) {
  return set_option(socket, level, name, &value, sizeof value, what);
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
  if (!options.congestion_control.empty()) {
    const std::string& name = options.congestion_control;
    TRY(set_option(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), name.size(), "TCP_CONGESTION"));
  }
  return {};
}

Result<Endpoint> open(ServerCore::Acceptor& acceptor, const Endpoint& endpoint, const ServerOptions& options) {
  auto attempt = [&endpoint](const char* what, const boost::system::error_code& error) -> Result<void> {
    if (!error) return {};
    return failure(ErrorCode::io_error, std::string(what) + " " + endpoint.to_string() + ": " + error.message());
  };
  boost::system::error_code error;
  acceptor.open(endpoint.native().protocol(), error);
  TRY(attempt("open a socket for", error));
  TRY(set_options(acceptor.native_handle(), options));
  acceptor.bind(endpoint.native(), error);
  TRY(attempt("bind to", error));
  acceptor.listen(options.accept_backlog, error);
  TRY(attempt("listen on", error));
  auto local = acceptor.local_endpoint(error);
  TRY(attempt("name the socket of", error));
  return Endpoint(local);
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(io::EventLoop& loop, Endpoint endpoint, ServerOptions options,
                                                       RequestHandler& handler) {
  ServerCore::Acceptor acceptor(loop.executor());
  TRY_ASSIGN(Endpoint local, open(acceptor, endpoint, options));
  auto core = std::make_shared<ServerCore>(std::move(acceptor), std::move(options), handler);
  io::spawn(loop, ServerCore::accept_connections(core));
  io::spawn(loop, ServerCore::watch_time(core));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core), std::move(local)));
}

Result<void> HttpServer::check_unused(const Endpoint& endpoint) {
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

HttpServer::HttpServer(std::shared_ptr<ServerCore> core, Endpoint local_endpoint)
    : core_(std::move(core)), local_endpoint_(std::move(local_endpoint)) {}

HttpServer::~HttpServer() = default;

Task<void> HttpServer::stop(std::chrono::milliseconds grace) { return ServerCore::stop(core_, grace); }

const ServerCounters& HttpServer::counters() const { return core_->counters(); }

}  // namespace shoal::net
