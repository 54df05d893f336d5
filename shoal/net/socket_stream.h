#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "shoal/io/polled_socket.h"
#include "shoal/net/stream.h"

namespace shoal::net {

/// A connected socket: waiting for it, taking turns and ending, which are the same whatever is spoken over it. How
/// bytes come and go is up to TcpStream and TlsStream.
class SocketStream : public Stream {
 public:
  Result<std::optional<std::size_t>> receive_now(MutableByteSpan target) final;
  Task<Result<std::size_t>> read_some(MutableByteSpan target, ProgressBudget& budget) final;
  Result<bool> write_now(GatherList& list) final;
  bool others_are_next() const final { return socket_.others_are_next(); }
  Task<Result<void>> write(GatherList& list, ProgressBudget& budget) final;
  void shutdown_send() override;
  void close() override;

 protected:
  using Direction = io::PolledSocket::Direction;
  struct Attempt {
    std::size_t bytes = 0;             ///< that were moved; of a read, 0 is the end of what the peer sends
    std::optional<Direction> blocked;  ///< nothing was moved: the socket is not ready for this, and knows it
  };

  /// The socket is connected and does not block. The poller and the clock outlive the stream.
  SocketStream(io::SocketPoller& poller, io::FileDescriptor socket, const Clock& clock)
      : socket_(poller, std::move(socket)), clock_(clock) {}

  /// Both fail with `closed` on a socket that is closed.
  virtual Result<Attempt> try_receive(MutableByteSpan target) = 0;
  /// Of a list that is not done; marks as written what was.
  virtual Result<Attempt> try_send(GatherList& list) = 0;

  io::PolledSocket& socket() { return socket_; }
  const io::PolledSocket& socket() const { return socket_; }
  const Clock& clock() const { return clock_; }

 private:
  void begin_readable(MonotonicTime deadline, Waiter&& waiter) final;
  void begin_after_others(Waiter&& waiter) final { socket_.call_after_others(std::move(waiter)); }
  void reset() override;
  void cancel_wait() override;
  Task<Result<void>> wait(Direction direction, ProgressBudget& budget);
  /// Lets the loop do other work when this connection had more than its share.
  Task<void> take_turns();

  io::PolledSocket socket_;
  const Clock& clock_;
  std::size_t turn_bytes_ = 0;                    // moved since the loop last had a turn
  Direction receiving_awaits_ = Direction::read;  // of TLS it may be the other one
};

}  // namespace shoal::net
