#pragma once

#include <memory>

#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/net/stream.h"

namespace shoal::net {

/// Ends the waits of streams whose time is up: while there are any, looks at all of them a few times a second, so that
/// no wait costs a timer. One loop.
class DeadlineWatch {
 public:
  /// Both outlive the watch.
  DeadlineWatch(io::EventLoop& loop, io::Timers& timers);
  ~DeadlineWatch();
  DeadlineWatch(const DeadlineWatch&) = delete;  // streams are registered here
  DeadlineWatch& operator=(const DeadlineWatch&) = delete;

  /// Until remove(), which comes before the stream goes.
  void add(Stream& stream);
  void remove(Stream& stream);

 private:
  struct State;
  static Task<void> watch(std::shared_ptr<State> state);

  io::EventLoop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace shoal::net
