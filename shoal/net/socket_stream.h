#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shoal/net/stream.h"

namespace shoal::net {

/// A connected socket: waiting for it, taking turns and ending, which are the same whatever is spoken over it. How
/// bytes come and go is up to TcpStream and TlsStream.
class SocketStream : public Stream {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  Task<Result<std::size_t>> receive(MutableByteSpan target, ProgressBudget::Duration timeout) override;
  Task<Result<std::size_t>> read_some(MutableByteSpan target, ProgressBudget& budget) final;
  Result<bool> write_now(GatherList& list) final;
  Task<Result<void>> write(GatherList& list, ProgressBudget& budget) final;
  void shutdown_send() override;
  void close() override;

 protected:
  enum class Direction : std::uint8_t { read, write };
  struct Attempt {
    std::size_t bytes = 0;             ///< that were moved; of a read, 0 is the end of what the peer sends
    std::optional<Direction> blocked;  ///< nothing was moved: first the socket has to be ready for this
  };

  /// The socket is connected. The clock outlives the stream.
  SocketStream(Socket socket, const Clock& clock);

  virtual Result<Attempt> try_receive(MutableByteSpan target) = 0;
  /// Of a list that is not done; marks as written what was.
  virtual Result<Attempt> try_send(GatherList& list) = 0;

  Socket& socket() { return socket_; }
  const Clock& clock() const { return clock_; }
  /// A new piece of work begins: it has the whole share of the loop's time.
  void begin_turn() { turn_bytes_ = 0; }

 private:
  void reset() override;
  void cancel_wait() override;
  Task<Result<void>> wait(Direction direction, ProgressBudget& budget);
  /// Lets the loop do other work when this connection had more than its share.
  Task<void> take_turns();

  Socket socket_;
  const Clock& clock_;
  std::size_t turn_bytes_ = 0;  // moved since the loop last had a turn
};

}  // namespace shoal::net
