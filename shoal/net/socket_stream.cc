#include "shoal/net/socket_stream.h"

#include <cerrno>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>

namespace shoal::net {
namespace {

/// One connection moves so much before others have their turn.
constexpr std::size_t turn_bytes_max = 1_MiB;

}  // namespace

Result<std::optional<std::size_t>> SocketStream::receive_now(MutableByteSpan target) {
  finish_wait();
  TRY_ASSIGN(Attempt attempt, try_receive(target));
  receiving_awaits_ = attempt.blocked.value_or(Direction::read);
  if (attempt.blocked) return std::nullopt;
  count_received(attempt.bytes);
  turn_bytes_ += attempt.bytes;
  return attempt.bytes;
}

void SocketStream::begin_readable(MonotonicTime deadline, Waiter&& waiter) {
  turn_bytes_ = 0;
  begin_wait(deadline);
  socket_.call_when_ready(std::exchange(receiving_awaits_, Direction::read), std::move(waiter));
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
  if (others_are_next()) {
    bool go_on = co_await after_others();
    if (!go_on) co_return failure(error_of(ECANCELED, "send"));
  }
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
  (void)::shutdown(socket_.descriptor(), SHUT_WR);  // a peer that is gone needs no telling
}

void SocketStream::close() { socket_.close(); }

void SocketStream::reset() {
  linger at_once{.l_onoff = 1, .l_linger = 0};
  // Without it, an end instead of a reset.
  (void)::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.close();
}

void SocketStream::cancel_wait() { socket_.cancel(); }

Task<Result<void>> SocketStream::wait(Direction direction, ProgressBudget& budget) {
  turn_bytes_ = 0;
  MonotonicTime start = clock_.monotonic();
  begin_wait(start + budget.left());
  bool ready = co_await socket_.wait(direction);
  finish_wait();
  budget.waited(clock_.monotonic() - start);
  if (!ready) co_return failure(error_of(ECANCELED, direction == Direction::read ? "receive" : "send"));
  co_return Result<void>();
}

Task<void> SocketStream::take_turns() {
  turn_bytes_ = 0;
  co_await boost::asio::post(boost::asio::deferred);
}

}  // namespace shoal::net
