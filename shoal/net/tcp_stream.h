#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shoal/net/stream.h"

namespace shoal::net {

/// A TCP connection: the only place that touches its socket.
class TcpStream final : public Stream {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// The socket is connected. The clock outlives the stream.
  TcpStream(Socket socket, const Clock& clock);

  Task<Result<std::size_t>> receive(MutableByteSpan target, ProgressBudget::Duration timeout) override;
  Task<Result<std::size_t>> read_some(MutableByteSpan target, ProgressBudget& budget) override;
  Result<bool> write_now(GatherList& list) override;
  Task<Result<void>> write(GatherList& list, ProgressBudget& budget) override;
  void shutdown_send() override;
  void close() override;

 private:
  enum class Direction : std::uint8_t { read, write };

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
