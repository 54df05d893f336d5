#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shoal/base/clock.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"
#include "shoal/net/listener.h"

namespace shoal::sim {

/// The far end of one simulated connection: the test is the client. What it does is seen by the server when the loop
/// runs next. Dropping it breaks the connection off.
class SimulatedClient {
 public:
  struct Wire;

  explicit SimulatedClient(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  ~SimulatedClient();
  SimulatedClient(const SimulatedClient&) = delete;  // one client, one end of the wire
  SimulatedClient& operator=(const SimulatedClient&) = delete;

  void send(std::string_view bytes);
  /// Sends nothing more, and listens on.
  void finish();
  /// Breaks the connection off: what is under way is lost in both directions.
  void reset();

  /// Takes what the server has sent, at most `bytes_max` of it, and so makes room for more.
  std::string receive(std::size_t bytes_max = static_cast<std::size_t>(-1));

  /// Whether the server sends nothing more.
  bool server_finished() const;
  /// Whether the server has broken the connection off.
  bool was_reset() const;
  /// What was sent and not yet read by the server.
  std::size_t unread() const;

 private:
  const std::shared_ptr<Wire> wire_;
};

/// Connections in memory, on a loop that was not started: the twin of TCP for net::HttpServer. The same seed sees the
/// same splits of the bytes.
class SimulatedNetwork {
 public:
  struct WireOptions {
    std::uint64_t seed = 0;              ///< 0: a read finds all that is there; else a random part of it
    std::size_t window_bytes = 1 << 16;  ///< so much can be under way to the client
  };

  SimulatedNetwork(io::EventLoop& loop, const Clock& clock);
  ~SimulatedNetwork();

  /// What the server listens on. It may outlive the network.
  std::unique_ptr<net::Listener> listener();

  /// A new connection, whether or not the server listens already.
  std::unique_ptr<SimulatedClient> connect(const WireOptions& options);
  std::unique_ptr<SimulatedClient> connect() { return connect(WireOptions{}); }

  /// The next `count` accepts fail as they do when the system has no descriptors left.
  void fail_accepts(std::size_t count);

 private:
  struct Queue;
  class SimulatedListener;

  const io::Executor executor_;
  const Clock& clock_;
  const std::shared_ptr<Queue> queue_;
};

}  // namespace shoal::sim
