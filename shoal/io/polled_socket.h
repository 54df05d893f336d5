#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/intrusive/list_hook.hpp>

#include "shoal/io/file_descriptor.h"
#include "shoal/io/socket_poller.h"

namespace shoal::io {

/// A socket that never blocks, and what is known of its readiness. Who reads or writes says when there was nothing left
/// to do (found_exhausted), and waits only then. One coroutine waits at a time.
class PolledSocket
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  enum class Direction : std::uint8_t { read, write };

  /// `socket` does not block.
  PolledSocket(SocketPoller& poller, FileDescriptor socket);
  ~PolledSocket();
  PolledSocket(const PolledSocket&) = delete;  // the poller points here
  PolledSocket& operator=(const PolledSocket&) = delete;

  /// -1 once it is closed.
  int descriptor() const { return socket_.get(); }
  bool is_open() const { return static_cast<bool>(socket_); }

  /// Whether an attempt may move something, or fail, as far as is known.
  bool may_be_ready(Direction direction) const { return ready_[index(direction)]; }
  /// An attempt moved less than it could have. Once the peer has ended its side, reads stay ready: nothing more would
  /// be told of that.
  void found_exhausted(Direction direction) {
    if (direction == Direction::write || !peer_ended_) ready_[index(direction)] = false;
  }

  /// co_await: true when an attempt may succeed, false after cancel() or close(). Not when it may already. Costs
  /// no coroutine frame.
  auto wait(Direction direction) {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
        [this, direction](auto handler) { begin_wait(direction, std::move(handler)); }, boost::asio::deferred);
  }
  /// Whether other sockets were told to be ready in the same turn and have not had theirs yet.
  bool others_are_next() const;
  using Waiter = std::move_only_function<void(bool)>;

  /// As wait(), for those who wait in their own way; from the loop's queue when an attempt may succeed already.
  void call_when_ready(Direction direction, Waiter&& waiter);
  /// The same, when they had their turn, or some of them. Only when others_are_next().
  void call_after_others(Waiter&& waiter);

  /// Ends the wait, from the loop's queue.
  void cancel();
  /// Ends the wait too. Attempts fail from now on, so nothing waits again.
  void close();

 private:
  friend class SocketPoller::State;

  static std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }
  void begin_wait(Direction direction, Waiter&& waiter);
  /// Notes what the system told; the waiter to continue, if that was what it waits for.
  Waiter told(std::uint32_t events);
  Waiter take_waiter();

  const std::shared_ptr<SocketPoller::State> poller_;
  FileDescriptor socket_;
  std::array<bool, 2> ready_ = {true, true};
  bool peer_ended_ = false;
  Direction awaited_ = Direction::read;
  bool waits_for_others_ = false;
  Waiter waiter_;  // then it stands in a list of the poller
};

}  // namespace shoal::io
