#pragma once

#include <atomic>
#include <cstdint>

namespace shoal::net {

/// A number that one loop changes and any thread reads.
class LoopCounter {
 public:
  void add(std::uint64_t by) { value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed); }
  void subtract(std::uint64_t by) {
    value_.store(value_.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What an HttpServer has seen so far. Traffic is counted when a request or a connection ends.
struct ServerCounters {
  LoopCounter connections_accepted;
  LoopCounter connections_open;
  LoopCounter connections_refused;  ///< over connections_max
  LoopCounter requests;             ///< whose head was good
  LoopCounter refusals;             ///< answers that the server gave instead of the handler
  LoopCounter timeouts;             ///< while waiting for a head, idle connections included
  LoopCounter bytes_received;
  LoopCounter bytes_sent;
};

}  // namespace shoal::net
