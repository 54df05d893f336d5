#include "shoal/io/polled_socket.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "shoal/base/check.h"
#include "shoal/io/socket_poller_state.h"

namespace shoal::io {

PolledSocket::PolledSocket(SocketPoller& poller, FileDescriptor socket)
    : poller_(poller.state_), socket_(std::move(socket)) {
  poller_->add(*this);
}

PolledSocket::~PolledSocket() { poller_->remove(*this); }

void PolledSocket::begin_wait(Direction direction, Waiter&& waiter) {
  CHECK_MSG(!waiter_, "one coroutine waits for a socket");
  waiter_ = std::move(waiter);
  awaited_ = direction;
  poller_->add_waiting(*this);
}

bool PolledSocket::others_are_next() const { return poller_->has_more_to_tell(); }

void PolledSocket::call_when_ready(Direction direction, Waiter&& waiter) {
  if (may_be_ready(direction)) {
    boost::asio::post(poller_->executor(), [waiter = std::move(waiter)]() mutable { waiter(true); });
  } else {
    begin_wait(direction, std::move(waiter));
  }
}

void PolledSocket::call_after_others(Waiter&& waiter) {
  CHECK_MSG(!waiter_, "one coroutine waits for a socket");
  waiter_ = std::move(waiter);
  waits_for_others_ = true;
  poller_->add_postponed(*this);
}

PolledSocket::Waiter PolledSocket::take_waiter() {
  if (!waiter_) return nullptr;
  waits_for_others_ = false;
  unlink();
  return std::move(waiter_);  // which leaves none
}

PolledSocket::Waiter PolledSocket::told(std::uint32_t events) {
  bool ended = (events & (EPOLLERR | EPOLLHUP)) != 0;
  peer_ended_ = peer_ended_ || ended || (events & EPOLLRDHUP) != 0;
  if ((events & EPOLLIN) != 0 || peer_ended_) ready_[index(Direction::read)] = true;
  if ((events & EPOLLOUT) != 0 || ended) ready_[index(Direction::write)] = true;
  return !waits_for_others_ && may_be_ready(awaited_) ? take_waiter() : nullptr;
}

void PolledSocket::cancel() {
  Waiter waiter = take_waiter();
  if (!waiter) return;
  boost::asio::post(poller_->executor(), [waiter = std::move(waiter)]() mutable { waiter(false); });
}

void PolledSocket::close() {
  cancel();
  poller_->remove(*this);
  socket_ = FileDescriptor();
  ready_ = {true, true};
}

}  // namespace shoal::io
