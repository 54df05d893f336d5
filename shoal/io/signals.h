#pragma once

#include <initializer_list>

#include <boost/asio/basic_signal_set.hpp>

#include "shoal/base/task.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"

namespace shoal::io {

/// Signals of the system as events of one loop, for an orderly end: `int signal = co_await signals.next();`. While the
/// object exists the signals do nothing else. It goes before its loop does.
class Signals {
 public:
  /// For example {SIGTERM, SIGINT}.
  Signals(EventLoop& loop, std::initializer_list<int> signals);

  /// The number of the next signal, also of one that came since construction; 0 after cancel(). One wait at a time.
  Task<int> next();
  /// Ends the wait.
  void cancel() { set_.cancel(); }

 private:
  boost::asio::basic_signal_set<Executor> set_;
};

}  // namespace shoal::io
