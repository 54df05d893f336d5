#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/net/client_connection.h"
#include "shoal/net/connector.h"

namespace shoal::net {

/// The connections of one loop to one server: a bounded number of them, kept open between requests. Who finds none free
/// waits for one, first come, first served. A server that says that it is given too much is given less for a while.
class ConnectionPool {
 public:
  struct Options {
    std::uint32_t connections_max = 64;
    bool is_adaptive = true;                         ///< refused() and succeeded() have an effect
    std::chrono::milliseconds wait_timeout{5'000};   ///< for a connection to become free
    std::chrono::milliseconds idle_timeout{15'000};  ///< unused connections are not used again after it
    /// A connection that was used so recently is still there, as far as anybody can know.
    std::chrono::milliseconds fresh_time{1'000};
    ClientConnection::Options connection;
  };

  /// Which connections will do.
  enum class Choice : std::uint8_t {
    any,
    fresh,  ///< new, or used just now: for requests that must not be sent twice
  };

 private:
  struct Core;

 public:
  /// The right to use a connection. Given back when it is destroyed: for others to use if the exchange on it was
  /// complete, else it is broken off. One owner at a time; on the loop of the pool.
  class Lease {
   public:
    explicit Lease(std::shared_ptr<Core> core);
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

    ClientConnection* operator->() const { return connection_.get(); }
    /// Whether nothing was sent over it before.
    bool is_new() const { return is_new_; }

   private:
    friend class ConnectionPool;
    void hold(std::unique_ptr<ClientConnection> connection);
    void give_back();

    std::shared_ptr<Core> core_;
    std::unique_ptr<ClientConnection> connection_;
    bool is_new_ = false;
  };

  /// All references outlive the pool and the leases.
  ConnectionPool(io::EventLoop& loop, io::Timers& timers, Connector& connector, Options options);
  ~ConnectionPool();

  /// Fails with overloaded when none became free in time, closed after close(), else as Connector: in any case nothing
  /// was sent.
  Task<Result<Lease>> take(Choice choice);

  /// Breaks off every exchange, as ClientConnection::abort() does, and lets nobody have a connection any more: closed,
  /// also for those who wait. An attempt to connect that is under way ends as it would.
  void close();
  bool is_closed() const;

  // How it went, as whoever asked the server knows.

  void succeeded();
  /// It is given too much (503, 429).
  void refused();

  /// How many connections may be in use now.
  std::uint32_t limit() const;
  std::uint32_t connections() const;
  std::uint64_t connections_made() const;

 private:
  std::shared_ptr<Core> core_;  // a lease that outlives the pool gives its connection to nobody
};

}  // namespace shoal::net
