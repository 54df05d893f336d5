#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "shoal/base/log_throttle.h"
#include "shoal/base/task.h"
#include "shoal/http/known_heads.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"
#include "shoal/io/timers.h"
#include "shoal/io/wait_queue.h"
#include "shoal/net/connection.h"
#include "shoal/net/listener.h"
#include "shoal/net/request_handler.h"
#include "shoal/net/server_counters.h"
#include "shoal/net/server_options.h"

namespace shoal::net {

/// What the connections of one HttpServer have in common; lives as long as the last of its coroutines. One loop.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(io::EventLoop& loop, io::Timers& timers, std::unique_ptr<Listener> listener, ServerOptions options,
             RequestHandler& handler);

  /// The coroutines of the server; each holds the core. They end when the server stops.
  static Task<void> accept_connections(std::shared_ptr<ServerCore> core);
  static Task<void> watch_time(std::shared_ptr<ServerCore> core);

  /// Accepts no more, closes idle connections, and waits until the others are done: for `grace`, then it breaks them
  /// off.
  static Task<void> stop(std::shared_ptr<ServerCore> core, std::chrono::milliseconds grace);

  const Listener& listener() const { return *listener_; }
  const ServerOptions& options() const { return options_; }
  RequestHandler& handler() { return handler_; }
  ServerCounters& counters() { return counters_; }
  http::KnownHeads& known_heads() { return known_heads_; }
  bool stopping() const { return stopping_; }
  /// Whether there are so many connections that idle ones give back what they could go on with more quickly.
  bool is_crowded() const { return connections_.size() > crowd; }
  /// The value of Date, made once a second; no more than that behind when somebody sets the wall clock.
  std::string_view date(MonotonicTime now);

  /// For Connection.
  void add(Connection& connection);
  void remove(Connection& connection);
  /// co_await: until the connection may go on with a request that came together with the one before. Only few do in
  /// each turn of the loop, so that those who wait for their answers before they ask again are not kept waiting by any
  /// number of those who do not.
  auto next_turn() {
    begin_turns();
    return turns_->wait();
  }

 private:
  static constexpr std::size_t crowd = 256;

  static constexpr int turns_at_once = 8;
  class TurnsEnd;

  void begin_turns();
  static Task<void> give_turns(TurnsEnd end);
  static Task<void> serve(std::shared_ptr<ServerCore> core, Listener::Accepted client, bool refused);
  void begin_serving(Listener::Accepted client);
  MonotonicTime after(std::chrono::nanoseconds delay) const { return options_.clock->monotonic() + delay; }

  const io::Executor executor_;
  const std::unique_ptr<Listener> listener_;
  const ServerOptions options_;
  RequestHandler& handler_;
  ServerCounters counters_;
  http::KnownHeads known_heads_;
  boost::intrusive::list<Connection> connections_;
  std::unique_ptr<io::WaitQueue> turns_;  // while somebody waits for one, and give_turns() runs
  bool stopping_ = false;
  LogThrottle accept_failures_{std::chrono::seconds(10)};
  const std::unique_ptr<io::Timer> watch_timer_;    // for watch_time()
  const std::unique_ptr<io::Timer> accept_timer_;   // for accept_connections() after a failure
  const std::unique_ptr<io::Timer> stop_timer_;     // for stop(); cancelled when the last connection ends
  MonotonicTime date_ends_ = MonotonicTime::min();  // of date_text_
  std::string date_text_;
};

}  // namespace shoal::net
