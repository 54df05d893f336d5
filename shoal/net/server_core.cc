#include "shoal/net/server_core.h"

#include <algorithm>
#include <utility>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "shoal/base/log.h"
#include "shoal/http/date.h"

namespace shoal::net {
namespace {

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

ServerCore::ServerCore(io::EventLoop& loop, io::Timers& timers, std::unique_ptr<Listener> listener,
                       ServerOptions options, RequestHandler& handler)
    : executor_(loop.executor()),
      listener_(std::move(listener)),
      options_(std::move(options)),
      handler_(handler),
      watch_timer_(timers.make_timer()),
      accept_timer_(timers.make_timer()),
      stop_timer_(timers.make_timer()) {}

Task<void> ServerCore::accept_connections(std::shared_ptr<ServerCore> core) {
  while (!core->stopping_) {
    Result<Listener::Accepted> client = co_await core->listener_->accept();
    if (core->stopping_) co_return;
    if (client) {
      core->begin_serving(*std::move(client));
      continue;
    }
    if (client.error().code == ErrorCode::cancelled) continue;
    if (auto times = core->accept_failures_.due(core->options_.clock->monotonic())) {
      spdlog::warn("accepting connections paused times={} pause_ms={} reason={}", *times, accept_pause.count(),
                   log_value(client.error().message));
    }
    co_await core->accept_timer_->wait_until(core->after(accept_pause));
  }
}

void ServerCore::begin_serving(Listener::Accepted client) {
  counters_.connections_accepted.add(1);
  bool refused = connections_.size() >= options_.connections_max;
  if (refused) {
    counters_.connections_refused.add(1);
    if (connections_.size() >= options_.connections_max + options_.refusals_max) return;  // the stream closes
  }
  io::spawn(executor_, serve(shared_from_this(), std::move(client), refused));
}

Task<void> ServerCore::serve(std::shared_ptr<ServerCore> core, Listener::Accepted client, bool refused) {
  Connection connection(*core, std::move(client.stream), std::move(client.peer));
  if (refused) {
    co_await connection.refuse_service();
  } else {
    co_await connection.run();
  }
}

/// Ends the queue with the coroutine that serves it, also where that is destroyed with its loop: who waits holds the
/// core, and would never be let go.
class ServerCore::TurnsEnd {
 public:
  explicit TurnsEnd(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}
  TurnsEnd(TurnsEnd&&) = default;
  TurnsEnd& operator=(TurnsEnd&&) = delete;
  ~TurnsEnd() {
    if (core_ != nullptr) core_->turns_.reset();
  }
  ServerCore& core() { return *core_; }

 private:
  std::shared_ptr<ServerCore> core_;
};

void ServerCore::begin_turns() {
  if (turns_ != nullptr) return;
  turns_ = std::make_unique<io::WaitQueue>();
  io::spawn(executor_, give_turns(TurnsEnd(shared_from_this())));
}

Task<void> ServerCore::give_turns(TurnsEnd end) {
  io::WaitQueue& turns = *end.core().turns_;
  co_await boost::asio::post(boost::asio::deferred);
  while (!turns.empty()) {
    for (int i = 0; i < turns_at_once; ++i) turns.wake_one();
    co_await boost::asio::post(boost::asio::deferred);
  }
}

Task<void> ServerCore::watch_time(std::shared_ptr<ServerCore> core) {
  const std::chrono::milliseconds interval = watch_interval(core->options_);
  while (!core->stopping_ || !core->connections_.empty()) {
    co_await core->watch_timer_->wait_until(core->after(interval));
    MonotonicTime now = core->options_.clock->monotonic();
    for (Connection& connection : core->connections_) connection.check_time(now);
  }
}

Task<void> ServerCore::stop(std::shared_ptr<ServerCore> core, std::chrono::milliseconds grace) {
  core->stopping_ = true;
  core->listener_->close();
  core->accept_timer_->cancel();
  for (Connection& connection : core->connections_) connection.close_if_idle();

  if (!core->connections_.empty()) co_await core->stop_timer_->wait_until(core->after(grace));
  for (Connection& connection : core->connections_) connection.abort();
  while (!core->connections_.empty()) co_await core->stop_timer_->wait_until(MonotonicTime::max());
  core->watch_timer_->cancel();
}

std::string_view ServerCore::date(MonotonicTime now) {
  if (now >= date_ends_) {
    WallTime wall = options_.clock->wall();
    auto second = std::chrono::floor<std::chrono::seconds>(wall);
    date_text_ = http::format_http_date(second);
    date_ends_ = now + (second + std::chrono::seconds(1) - wall);
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
  if (stopping_ && connections_.empty()) stop_timer_->cancel();
}

}  // namespace shoal::net
