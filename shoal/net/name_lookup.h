#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/io/worker_threads.h"
#include "shoal/net/endpoint.h"

namespace shoal::net {

/// The addresses of one host, looked up on a thread of its own, so that a slow name server never stops a loop. Those
/// who ask at the same time share one look-up, and its result is used for a while. One loop.
class NameLookup {
 public:
  struct Options {
    std::chrono::milliseconds timeout{5'000};    ///< how long those who ask wait
    std::chrono::milliseconds lifetime{30'000};  ///< how long addresses are used before they are looked up again
  };

  /// `host` is a name, an IPv4 address or an IPv6 address without brackets. All references outlive the look-up.
  NameLookup(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host, std::uint16_t port,
             Options options);

  /// At least one. closed when there is no such host, timed_out. While a name server fails, the addresses that were
  /// known are used on.
  Task<Result<std::vector<Endpoint>>> addresses();

 private:
  struct State;
  static Task<void> look_up(std::shared_ptr<State> state);
  static Task<void> end_wait(std::shared_ptr<State> state, std::uint64_t number);

  io::EventLoop& loop_;
  std::shared_ptr<State> state_;  // the coroutines that run hold it too
};

}  // namespace shoal::net
