#include "shoal/io/socket_poller.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "shoal/base/check.h"
#include "shoal/base/clock.h"
#include "shoal/io/socket_poller_state.h"

namespace shoal::io {

SocketPoller::SocketPoller(EventLoop& loop, std::chrono::nanoseconds turn_time_max)
    : state_(std::make_shared<State>(loop, turn_time_max)) {}

SocketPoller::~SocketPoller() { state_->stop(); }

/// Stands in the loop's queue while nothing is ready. Destroyed there uncalled, with the loop, it takes along what
/// waits.
class SocketPoller::State::OnReady {
 public:
  explicit OnReady(std::shared_ptr<State> state) : state_(std::move(state)) {}
  OnReady(OnReady&&) = default;
  OnReady& operator=(OnReady&&) = delete;
  ~OnReady() {
    if (state_ != nullptr) state_->drop_waiting();
  }

  void operator()(const boost::system::error_code& error = {}) {
    std::shared_ptr<State> state = std::move(state_);
    if (error) return;  // stopped
    state->poll();
    state->watch();
  }

 private:
  std::shared_ptr<State> state_;
};

SocketPoller::State::State(EventLoop& loop, std::chrono::nanoseconds turn_time_max)
    : executor_(loop.executor()), turn_time_max_(turn_time_max), epoll_(loop.executor()) {
  boost::system::error_code error;
  epoll_.assign(::epoll_create1(EPOLL_CLOEXEC), error);
  CHECK_MSG(!error, "epoll_create1: " + error.message());
}

void SocketPoller::State::watch() {
  if (!told_.empty()) {
    boost::asio::post(executor_, OnReady(shared_from_this()));
    return;
  }
  if (!epoll_.is_open()) return;
  epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read, OnReady(shared_from_this()));
}

void SocketPoller::State::stop() {
  boost::system::error_code ignored;  // there is nothing that could be done
  epoll_.close(ignored);
}

void SocketPoller::State::add(PolledSocket& socket) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &socket;
  // Without memory in the kernel the socket is never told of, and its first wait ends at its deadline.
  (void)::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket.descriptor(), &event);
  if (!std::exchange(watched_, true)) watch();
}

void SocketPoller::State::remove(PolledSocket& socket) {
  for (epoll_event& event : told_) {
    if (event.data.ptr == &socket) event.data.ptr = nullptr;
  }
}

void SocketPoller::State::poll() {
  if (told_.empty()) {
    int count = ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
    if (count <= 0) return;
    told_ = std::span(events_).first(static_cast<std::size_t>(count));
  }
  const MonotonicTime end = system_clock().monotonic() + turn_time_max_;
  for (std::size_t turn = 1; !told_.empty(); ++turn) {
    epoll_event event = told_.front();
    told_ = told_.subspan(1);
    if (event.data.ptr == nullptr) continue;
    PolledSocket::Waiter waiter = static_cast<PolledSocket*>(event.data.ptr)->told(event.events);
    if (waiter) waiter(true);
    if (postponed_count_ == postponed_max) resume_postponed();
    if (turn % sockets_at_once == 0 && system_clock().monotonic() >= end) break;
  }
  resume_postponed();
}

void SocketPoller::State::resume_postponed() {
  postponed_count_ = 0;
  while (!postponed_.empty()) postponed_.front().take_waiter()(true);
}

void SocketPoller::State::drop_waiting() {
  for (SocketList* list : {&waiting_, &postponed_}) {
    while (!list->empty()) {
      PolledSocket::Waiter dropped = list->front().take_waiter();
    }
  }
}

}  // namespace shoal::io
