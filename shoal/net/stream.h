#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include "shoal/base/bytes.h"
#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/net/gather_list.h"
#include "shoal/net/progress_budget.h"

namespace shoal::net {

/// The two byte streams of one connection: TcpStream, or sim::SimulatedNetwork's.
///
/// Calls are tried at once, and only what would block waits for the loop. Waiting is bounded by a budget; somebody has
/// to call check_deadline() now and then. Errors: closed (the peer is gone, or abort() was called), timed_out,
/// cancelled (interrupt() was called), io_error. One coroutine at a time; all calls on the loop of the stream.
class Stream {
 public:
  Stream() = default;
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;  // a suspended coroutine points here
  Stream& operator=(const Stream&) = delete;

  /// What is there now: so many bytes, 0 at the end of what the peer sends, nothing when none have come.
  virtual Result<std::optional<std::size_t>> receive_now(MutableByteSpan target) = 0;
  /// co_await: true when receive_now() may find something, after other work of the loop had its turn: what begins then
  /// is a new piece of work. False when the wait was ended; then why_not_ready(). Costs no coroutine frame.
  auto readable(MonotonicTime deadline) {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
        [this, deadline](auto handler) { begin_readable(deadline, std::move(handler)); }, boost::asio::deferred);
  }
  /// What ended the wait.
  Error why_not_ready();

  /// Waits for at least one byte, if none is there; 0 at the end of what the peer sends.
  virtual Task<Result<std::size_t>> read_some(MutableByteSpan target, ProgressBudget& budget) = 0;
  /// Writes what can be written without waiting. True when that is all.
  virtual Result<bool> write_now(GatherList& list) = 0;
  /// Whether other streams were found ready together with this one and have not had their turn yet. What answers those
  /// that came together goes out together: a client on the same machine, or behind the same network card, is then woken
  /// once for all of it and not once for each.
  virtual bool others_are_next() const { return false; }
  /// co_await: until they had, or some of them; only when others_are_next(). False as of readable().
  auto after_others() {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
        [this](auto handler) { begin_after_others(std::move(handler)); }, boost::asio::deferred);
  }
  /// Writes all, after others had their turn.
  virtual Task<Result<void>> write(GatherList& list, ProgressBudget& budget) = 0;

  /// Tells the peer that nothing more comes; it may go on sending.
  virtual void shutdown_send() = 0;
  /// Closes in the ordinary way: what was written still arrives.
  virtual void close() = 0;
  /// Breaks off: the peer sees a reset, not an end. A waiting coroutine continues with `closed`.
  void abort() {
    ending_ = Ending::aborted;
    reset();
  }

  /// Ends the running wait, if it is overdue.
  void check_deadline(MonotonicTime now) {
    if (now >= deadline_) end_wait(Ending::expired);
  }
  /// Ends the running wait with `cancelled`.
  void interrupt() { end_wait(Ending::interrupted); }

  std::uint64_t bytes_received() const { return bytes_received_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 protected:
  using Waiter = std::move_only_function<void(bool)>;

  /// Calls `waiter` as readable() tells.
  virtual void begin_readable(MonotonicTime deadline, Waiter&& waiter) = 0;
  /// As after_others() tells.
  virtual void begin_after_others(Waiter&& waiter) { waiter(true); }
  /// Closes the connection with a reset; the running wait fails.
  virtual void reset() = 0;
  /// Lets the running wait fail, if there is one.
  virtual void cancel_wait() = 0;

  bool aborted() const { return ending_ == Ending::aborted; }
  void begin_wait(MonotonicTime deadline) {
    ending_ = Ending::none;
    deadline_ = deadline;
  }
  void finish_wait() { deadline_ = MonotonicTime::max(); }
  void count_received(std::size_t bytes) { bytes_received_ += bytes; }
  void count_sent(std::size_t bytes) { bytes_sent_ += bytes; }
  /// What a failed call means: why its wait was ended, or else what `error_number` (errno) says.
  Error error_of(int error_number, const char* attempt) const;

 private:
  enum class Ending : std::uint8_t { none, expired, interrupted, aborted };

  void end_wait(Ending ending);

  MonotonicTime deadline_ = MonotonicTime::max();  // of the running wait
  Ending ending_ = Ending::none;                   // why the running wait was ended
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace shoal::net
