#include "shoal/net/connection_pool.h"

#include <deque>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shoal/io/suspend.h"
#include "shoal/net/adaptive_limit.h"

namespace shoal::net {

struct ConnectionPool::Core : std::enable_shared_from_this<ConnectionPool::Core> {
  struct Idle {
    std::unique_ptr<ClientConnection> connection;
    MonotonicTime since;
  };
  struct Waiter {
    MonotonicTime deadline;
    io::Resume<bool> resume;
  };

  Core(io::EventLoop& event_loop, io::Timers& loop_timers, Connector& server, Options pool_options)
      : loop(event_loop),
        timers(loop_timers),
        connector(server),
        options(pool_options),
        limit(pool_options.connections_max),
        watch(event_loop, loop_timers),
        wait_timer(loop_timers.make_timer()) {}

  MonotonicTime now() const { return timers.clock().monotonic(); }

  /// The one that was used last, since the others may then be closed for want of use.
  std::unique_ptr<ClientConnection> take_idle(Choice choice) {
    while (!idle.empty() && now() - idle.front().since >= options.idle_timeout) idle.pop_front();
    if (idle.empty()) return nullptr;
    if (choice == Choice::fresh && now() - idle.back().since >= options.fresh_time) return nullptr;
    std::unique_ptr<ClientConnection> connection = std::move(idle.back().connection);
    idle.pop_back();
    return connection;
  }

  void leave() {
    --in_use;
    fill_places();
  }

  /// Gives free places to those who wait.
  void fill_places() {
    while (!waiting.empty() && in_use < limit.value()) {
      ++in_use;
      answer_first(true);
    }
  }

  void answer_first(bool has_place) {
    io::Resume<bool> resume = std::move(waiting.front().resume);
    waiting.pop_front();
    std::move(resume)(has_place);
  }

  void close() {
    ended = true;
    idle.clear();
    wait_timer->cancel();
    while (!waiting.empty()) answer_first(false);
    for (ClientConnection* connection : lent) connection->abort();
  }

  static Task<void> end_waits(std::shared_ptr<Core> core) {
    while (!core->waiting.empty()) {
      if (core->waiting.front().deadline <= core->now()) {
        core->answer_first(false);
      } else {
        co_await core->wait_timer->wait_until(core->waiting.front().deadline);
      }
    }
    core->ending_waits = false;
  }

  io::EventLoop& loop;
  io::Timers& timers;
  Connector& connector;
  const Options options;
  AdaptiveLimit limit;
  DeadlineWatch watch;
  std::unique_ptr<io::Timer> wait_timer;
  std::deque<Idle> idle;  // oldest first
  std::unordered_set<ClientConnection*> lent;
  std::deque<Waiter> waiting;
  std::uint32_t in_use = 0;
  std::uint64_t made = 0;
  bool ending_waits = false;
  bool ended = false;
};

ConnectionPool::Lease::Lease(std::shared_ptr<Core> core) : core_(std::move(core)) {}

ConnectionPool::Lease& ConnectionPool::Lease::operator=(Lease&& other) noexcept {
  give_back();
  core_ = std::move(other.core_);
  connection_ = std::move(other.connection_);
  is_new_ = other.is_new_;
  return *this;
}

ConnectionPool::Lease::~Lease() { give_back(); }

void ConnectionPool::Lease::hold(std::unique_ptr<ClientConnection> connection) {
  connection_ = std::move(connection);
  core_->lent.insert(connection_.get());
}

void ConnectionPool::Lease::give_back() {
  if (core_ == nullptr) return;
  core_->lent.erase(connection_.get());
  if (connection_ != nullptr && connection_->reusable() && !core_->ended) {
    core_->idle.push_back({std::move(connection_), core_->now()});
  } else if (connection_ != nullptr) {
    connection_->abort();
    connection_.reset();
  }
  core_->leave();
  core_.reset();
}

ConnectionPool::ConnectionPool(io::EventLoop& loop, io::Timers& timers, Connector& connector, Options options)
    : core_(std::make_shared<Core>(loop, timers, connector, options)) {}

ConnectionPool::~ConnectionPool() {
  core_->ended = true;
  core_->wait_timer->cancel();
  core_->idle.clear();
}

void ConnectionPool::close() { core_->close(); }
bool ConnectionPool::is_closed() const { return core_->ended; }

void ConnectionPool::succeeded() {
  if (!core_->options.is_adaptive) return;
  core_->limit.succeeded();
  core_->fill_places();
}

void ConnectionPool::refused() {
  if (core_->options.is_adaptive) core_->limit.refused(core_->now());
}

std::uint32_t ConnectionPool::limit() const { return core_->limit.value(); }
std::uint32_t ConnectionPool::connections() const {
  return core_->in_use + static_cast<std::uint32_t>(core_->idle.size());
}
std::uint64_t ConnectionPool::connections_made() const { return core_->made; }

Task<Result<ConnectionPool::Lease>> ConnectionPool::take(Choice choice) {
  auto closed = [] { return failure(ErrorCode::closed, "the connections to the server are closed"); };
  std::shared_ptr<Core> core = core_;
  if (core->ended) co_return closed();
  if (core->waiting.empty() && core->in_use < core->limit.value()) {
    ++core->in_use;
  } else {
    MonotonicTime deadline = core->now() + core->options.wait_timeout;
    bool has_place = co_await io::suspend<bool>([&core, deadline](io::Resume<bool> resume) {
      core->waiting.push_back({deadline, std::move(resume)});
      if (!std::exchange(core->ending_waits, true)) io::spawn(core->loop, Core::end_waits(core));
    });
    if (!has_place && core->ended) co_return closed();
    if (!has_place) co_return failure(ErrorCode::overloaded, "no connection to the server became free in time");
  }
  Lease lease(core);
  if (auto unused = core->take_idle(choice)) {
    lease.hold(std::move(unused));
    co_return lease;
  }
  // Unused ones make way, so that there are never more than there may be.
  if (core->in_use + core->idle.size() > core->options.connections_max && !core->idle.empty()) core->idle.pop_front();
  CO_TRY_ASSIGN(std::unique_ptr<Stream> stream, co_await core->connector.connect());
  if (core->ended) co_return closed();
  ++core->made;
  lease.is_new_ = true;
  lease.hold(std::make_unique<ClientConnection>(std::move(stream), core->watch, core->options.connection));
  co_return lease;
}

}  // namespace shoal::net
