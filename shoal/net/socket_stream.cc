#include "shoal/net/socket_stream.h"

#include <cerrno>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>

namespace shoal::net {
namespace {

/// One connection moves so much before others have their turn.
constexpr std::size_t turn_bytes_max = 1_MiB;

}  // namespace

SocketStream::SocketStream(Socket socket, const Clock& clock) : socket_(std::move(socket)), clock_(clock) {
  boost::system::error_code ignored;  // a socket that cannot be made non-blocking fails at its first use
  socket_.native_non_blocking(true, ignored);
}

Task<Result<std::size_t>> SocketStream::receive(MutableByteSpan target, ProgressBudget::Duration timeout) {
  co_await take_turns();
  auto budget = ProgressBudget::once(timeout);
  co_return co_await read_some(target, budget);
}

Task<Result<std::size_t>> SocketStream::read_some(MutableByteSpan target, ProgressBudget& budget) {
  if (turn_bytes_ >= turn_bytes_max) co_await take_turns();
  for (;;) {
    CO_TRY_ASSIGN(Attempt attempt, try_receive(target));
    if (!attempt.blocked) {
      budget.moved(attempt.bytes);
      count_received(attempt.bytes);
      turn_bytes_ += attempt.bytes;
      co_return attempt.bytes;
    }
    CO_TRY(co_await wait(*attempt.blocked, budget));
  }
}

Result<bool> SocketStream::write_now(GatherList& list) {
  while (!list.done()) {
    TRY_ASSIGN(Attempt attempt, try_send(list));
    if (attempt.blocked) return false;
    count_sent(attempt.bytes);
    turn_bytes_ += attempt.bytes;
  }
  return true;
}

Task<Result<void>> SocketStream::write(GatherList& list, ProgressBudget& budget) {
  if (turn_bytes_ >= turn_bytes_max) co_await take_turns();
  while (!list.done()) {
    CO_TRY_ASSIGN(Attempt attempt, try_send(list));
    if (attempt.blocked) {
      CO_TRY(co_await wait(*attempt.blocked, budget));
      continue;
    }
    budget.moved(attempt.bytes);
    count_sent(attempt.bytes);
    turn_bytes_ += attempt.bytes;
  }
  co_return Result<void>();
}

void SocketStream::shutdown_send() {
  boost::system::error_code ignored;  // a peer that is gone needs no telling
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void SocketStream::close() {
  boost::system::error_code ignored;  // there is nobody to be told, and the descriptor is freed in any case
  socket_.close(ignored);
}

void SocketStream::reset() {
  boost::system::error_code ignored;  // as in close()
  socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void SocketStream::cancel_wait() {
  boost::system::error_code ignored;  // then there was no wait to end
  socket_.cancel(ignored);
}

Task<Result<void>> SocketStream::wait(Direction direction, ProgressBudget& budget) {
  turn_bytes_ = 0;
  if (aborted()) co_return failure(error_of(EBADF, "wait"));
  MonotonicTime start = clock_.monotonic();
  begin_wait(start + budget.left());
  auto what = direction == Direction::read ? Socket::wait_read : Socket::wait_write;
  auto [error] = co_await socket_.async_wait(what, boost::asio::as_tuple(boost::asio::deferred));
  finish_wait();
  budget.waited(clock_.monotonic() - start);
  if (error) co_return failure(error_of(error.value(), direction == Direction::read ? "receive" : "send"));
  co_return Result<void>();
}

Task<void> SocketStream::take_turns() {
  turn_bytes_ = 0;
  co_await boost::asio::post(boost::asio::deferred);
}

}  // namespace shoal::net
