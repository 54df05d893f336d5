#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <span>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>
#include <sys/epoll.h>

#include "shoal/io/polled_socket.h"
#include "shoal/io/suspend.h"

namespace shoal::io {

/// What a SocketPoller and the loop's queue share: an epoll of its own, which Asio watches as one descriptor.
class SocketPoller::State : public std::enable_shared_from_this<State> {
 public:
  State(EventLoop& loop, std::chrono::nanoseconds turn_time_max);

  void stop();

  void add(PolledSocket& socket);
  void remove(PolledSocket& socket);
  void add_waiting(PolledSocket& socket) { waiting_.push_back(socket); }
  void add_postponed(PolledSocket& socket) {
    postponed_.push_back(socket);
    ++postponed_count_;
  }
  bool has_more_to_tell() const { return !told_.empty(); }
  const Executor& executor() const { return executor_; }

 private:
  class OnReady;
  using SocketList = boost::intrusive::list<PolledSocket, boost::intrusive::constant_time_size<false>>;

  /// Nobody waits for the work of more others than these.
  static constexpr std::size_t postponed_max = 16;
  /// Between two looks at the clock.
  static constexpr std::size_t sockets_at_once = 4;

  /// Has the loop call poll() when sockets are ready, or when it comes round if some are still to be told.
  void watch();
  void poll();
  void resume_postponed();
  /// Destroys the coroutines that wait.
  void drop_waiting();

  const Executor executor_;
  const std::chrono::nanoseconds turn_time_max_;
  boost::asio::posix::basic_stream_descriptor<Executor> epoll_;
  bool watched_ = false;  // since the first socket
  SocketList waiting_;
  SocketList postponed_;  // until the end of the running poll() or, between two of one turn, of the next one
  std::size_t postponed_count_ = 0;
  std::array<epoll_event, 128> events_;
  std::span<epoll_event> told_;  // of events_: those whose sockets are still to be told, by this poll() or the next one
};

}  // namespace shoal::io
