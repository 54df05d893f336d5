#include "shoal/net/http_server.h"

#include <utility>

#include "shoal/net/server_core.h"
#include "shoal/net/tcp_listener.h"

namespace shoal::net {

Result<std::unique_ptr<HttpServer>> HttpServer::listen(io::EventLoop& loop, Endpoint endpoint, ServerOptions options,
                                                       RequestHandler& handler) {
  TRY_ASSIGN(std::unique_ptr<Listener> listener, TcpListener::open(loop, endpoint, options));
  io::LoopTimers timers(loop);
  return serve(loop, timers, std::move(listener), std::move(options), handler);
}

std::unique_ptr<HttpServer> HttpServer::serve(io::EventLoop& loop, io::Timers& timers,
                                              std::unique_ptr<Listener> listener, ServerOptions options,
                                              RequestHandler& handler) {
  auto core = std::make_shared<ServerCore>(loop, timers, std::move(listener), std::move(options), handler);
  io::spawn(loop, ServerCore::accept_connections(core));
  io::spawn(loop, ServerCore::watch_time(core));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::shared_ptr<ServerCore> core)
    : core_(std::move(core)), local_endpoint_(core_->listener().local_endpoint()) {}

HttpServer::~HttpServer() = default;

Task<void> HttpServer::stop(std::chrono::milliseconds grace) { return ServerCore::stop(core_, grace); }

const ServerCounters& HttpServer::counters() const { return core_->counters(); }

}  // namespace shoal::net
