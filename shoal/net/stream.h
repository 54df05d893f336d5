#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shoal/base/bytes.h"
#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/net/gather_list.h"
#include "shoal/net/progress_budget.h"

namespace shoal::net {

/// The two byte streams of one TCP connection: the only place that touches its socket.
///
/// Calls are tried at once, and only what would block waits for the loop. Waiting is bounded by a budget; somebody has
/// to call check_deadline() now and then. Errors: closed (the peer is gone, or abort() was called), timed_out,
/// cancelled (interrupt() was called), io_error. One coroutine at a time; all calls on the loop of the socket.
class Stream {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// The socket is connected. The clock outlives the stream.
  Stream(Socket socket, const Clock& clock);

  /// Waits for at least one byte; 0 at the end of what the peer sends. Gives other work of the loop a turn first: what
  /// begins with this call is a new piece of work.
  Task<Result<std::size_t>> receive(MutableByteSpan target, ProgressBudget::Duration timeout);
  /// The same, but at once when there is something.
  Task<Result<std::size_t>> read_some(MutableByteSpan target, ProgressBudget& budget);

  /// Writes as much as fits now. True when all is written.
  Result<bool> write_now(GatherList& list);
  /// Writes all.
  Task<Result<void>> write(GatherList& list, ProgressBudget& budget);

  /// Tells the peer that nothing more comes; it may go on sending.
  void shutdown_send();
  /// Closes in the ordinary way: what was written still arrives.
  void close();
  /// Breaks off: the peer sees a reset, not an end. A waiting coroutine continues with `closed`.
  void abort();

  /// Ends the running wait, if it is overdue.
  void check_deadline(MonotonicTime now) {
    if (now >= deadline_) expire();
  }
  /// Ends the running wait with `cancelled`.
  void interrupt();

  std::uint64_t bytes_received() const { return bytes_received_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  enum class Direction : std::uint8_t { read, write };
  enum class Ending : std::uint8_t { none, expired, interrupted, aborted };

  void expire();
  void end_wait(Ending ending);
  Error error_of(int error_number, const char* attempt) const;
  Task<Result<void>> wait(Direction direction, ProgressBudget& budget);
  /// Lets the loop do other work when this connection had more than its share.
  Task<void> take_turns();

  Socket socket_;
  const Clock& clock_;
  MonotonicTime deadline_ = MonotonicTime::max();  // of the running wait
  Ending ending_ = Ending::none;                   // why the running wait was ended
  std::size_t turn_bytes_ = 0;                     // moved since the loop last had a turn
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace shoal::net
