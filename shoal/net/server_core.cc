#include "shoal/net/server_core.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "shoal/base/log.h"
#include "shoal/http/date.h"
#include "shoal/io/event_loop.h"

namespace shoal::net {
namespace {

constexpr auto when_done = boost::asio::as_tuple(boost::asio::deferred);

constexpr std::chrono::milliseconds watch_interval_min{10};
constexpr std::chrono::milliseconds watch_interval_max{500};
/// How long to leave the kernel alone when it has no descriptors or memory for a further connection.
constexpr std::chrono::milliseconds accept_pause{100};

std::chrono::milliseconds watch_interval(const ServerOptions& options) {
  auto shortest = std::min({options.head_timeout, options.idle_timeout, options.body_timeout, options.write_timeout,
                            options.linger_timeout});
  return std::clamp(shortest / 4, watch_interval_min, watch_interval_max);
}

}  // namespace

ServerCore::ServerCore(Acceptor acceptor, ServerOptions options, RequestHandler& handler)
    : acceptor_(std::move(acceptor)),
      options_(std::move(options)),
      handler_(handler),
      watch_timer_(acceptor_.get_executor()),
      accept_timer_(acceptor_.get_executor()),
      stop_timer_(acceptor_.get_executor()) {}

Task<void> ServerCore::accept_connections(std::shared_ptr<ServerCore> core) {
  while (!core->stopping_) {
    boost::asio::ip::tcp::endpoint peer;
    auto [error, socket] = co_await core->acceptor_.async_accept(peer, when_done);
    if (core->stopping_) co_return;
    if (!error) {
      core->begin_serving(std::move(socket), Endpoint(peer));
      continue;
    }
    if (error == boost::asio::error::connection_aborted) continue;  // it went away while it waited for us
    spdlog::warn("accepting connections pauses for {} ms: {}", accept_pause.count(), log_value(error.message()));
    core->accept_timer_.expires_after(accept_pause);
    co_await core->accept_timer_.async_wait(when_done);
  }
}

void ServerCore::begin_serving(Stream::Socket socket, const Endpoint& peer) {
  counters_.connections_accepted.add(1);
  bool refused = connections_.size() >= options_.connections_max;
  if (refused) {
    counters_.connections_refused.add(1);
    if (connections_.size() >= options_.connections_max + options_.refusals_max) return;  // the socket closes
  }
  io::spawn(acceptor_.get_executor(), serve(shared_from_this(), std::move(socket), peer, refused));
}

Task<void> ServerCore::serve(std::shared_ptr<ServerCore> core, Stream::Socket socket, Endpoint peer, bool refused) {
  Connection connection(*core, std::move(socket), std::move(peer));
  if (refused) {
    co_await connection.refuse_service();
  } else {
    co_await connection.run();
  }
}

Task<void> ServerCore::watch_time(std::shared_ptr<ServerCore> core) {
  const std::chrono::milliseconds interval = watch_interval(core->options_);
  while (!core->stopping_ || !core->connections_.empty()) {
    core->watch_timer_.expires_after(interval);
    co_await core->watch_timer_.async_wait(when_done);
    MonotonicTime now = core->options_.clock->monotonic();
    for (Connection& connection : core->connections_) connection.check_time(now);
  }
}

Task<void> ServerCore::stop(std::shared_ptr<ServerCore> core, std::chrono::milliseconds grace) {
  core->stopping_ = true;
  boost::system::error_code ignored;  // nothing would be done about it
  core->acceptor_.close(ignored);
  core->accept_timer_.cancel();
  for (Connection& connection : core->connections_) connection.close_if_idle();

  core->stop_timer_.expires_after(grace);
  if (!core->connections_.empty()) co_await core->stop_timer_.async_wait(when_done);
  for (Connection& connection : core->connections_) connection.abort();
  while (!core->connections_.empty()) {
    core->stop_timer_.expires_at(Timer::time_point::max());
    co_await core->stop_timer_.async_wait(when_done);
  }
  core->watch_timer_.cancel();
}

std::string_view ServerCore::date() {
  auto second = std::chrono::floor<std::chrono::seconds>(options_.clock->wall());
  if (second != date_second_) {
    date_second_ = second;
    date_text_ = http::format_http_date(second);
  }
  return date_text_;
}

void ServerCore::add(Connection& connection) {
  connections_.push_back(connection);
  counters_.connections_open.add(1);
}

void ServerCore::remove(Connection& connection) {
  connections_.erase(connections_.iterator_to(connection));
  counters_.connections_open.subtract(1);
  if (stopping_ && connections_.empty()) stop_timer_.cancel();
}

}  // namespace shoal::net
