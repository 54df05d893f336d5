#pragma once

#include <array>
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
  explicit State(EventLoop& loop);

  void stop();

  void add(PolledSocket& socket);
  void remove(PolledSocket& socket);
  void add_waiting(PolledSocket& socket) { waiting_.push_back(socket); }
  const Executor& executor() const { return executor_; }

 private:
  class OnReady;

  /// Has the loop call poll() when sockets are ready.
  void watch();
  void poll();
  /// Destroys the coroutines that wait.
  void drop_waiting();

  const Executor executor_;
  boost::asio::posix::basic_stream_descriptor<Executor> epoll_;
  bool watched_ = false;  // since the first socket
  boost::intrusive::list<PolledSocket, boost::intrusive::constant_time_size<false>> waiting_;
  std::array<epoll_event, 128> events_;
  std::span<epoll_event> told_;  // of events_, in the running poll(): those whose sockets are still to be told
};

}  // namespace shoal::io
