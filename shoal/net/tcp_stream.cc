#include "shoal/net/tcp_stream.h"

#include <cerrno>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>

namespace shoal::net {
namespace {

/// One connection moves so much before others have their turn.
constexpr std::size_t turn_bytes_max = 1_MiB;

constexpr auto when_done = boost::asio::as_tuple(boost::asio::deferred);

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

TcpStream::TcpStream(Socket socket, const Clock& clock) : socket_(std::move(socket)), clock_(clock) {
  boost::system::error_code ignored;  // a socket that cannot be made non-blocking fails at its first use
  socket_.native_non_blocking(true, ignored);
}

Task<Result<std::size_t>> TcpStream::receive(MutableByteSpan target, ProgressBudget::Duration timeout) {
  turn_bytes_ = 0;
  begin_wait(clock_.monotonic() + timeout);
  auto [error, bytes] = co_await socket_.async_receive(boost::asio::buffer(target.data(), target.size()), when_done);
  finish_wait();
  if (error == boost::asio::error::eof) co_return 0;
  if (error) co_return failure(error_of(error.value(), "receive"));
  count_received(bytes);
  co_return bytes;
}

Task<Result<std::size_t>> TcpStream::read_some(MutableByteSpan target, ProgressBudget& budget) {
  if (turn_bytes_ >= turn_bytes_max) co_await take_turns();
  for (;;) {
    ssize_t bytes = ::recv(socket_.native_handle(), target.data(), target.size(), 0);
    if (bytes >= 0) {
      auto count = static_cast<std::size_t>(bytes);
      budget.moved(count);
      count_received(count);
      turn_bytes_ += count;
      co_return count;
    }
    int error_number = errno;
    if (error_number == EINTR) continue;
    if (!would_block(error_number)) co_return failure(error_of(error_number, "receive"));
    CO_TRY(co_await wait(Direction::read, budget));
  }
}

Result<bool> TcpStream::write_now(GatherList& list) {
  while (!list.done()) {
    std::span<iovec> parts = list.next_parts();
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t bytes = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (bytes >= 0) {
      auto count = static_cast<std::size_t>(bytes);
      list.written(count);
      count_sent(count);
      turn_bytes_ += count;
      continue;
    }
    int error_number = errno;
    if (error_number == EINTR) continue;
    if (would_block(error_number)) return false;
    return failure(error_of(error_number, "send"));
  }
  return true;
}

Task<Result<void>> TcpStream::write(GatherList& list, ProgressBudget& budget) {
  if (turn_bytes_ >= turn_bytes_max) co_await take_turns();
  for (;;) {
    std::uint64_t sent_before = bytes_sent();
    CO_TRY_ASSIGN(bool done, write_now(list));
    budget.moved(static_cast<std::size_t>(bytes_sent() - sent_before));
    if (done) co_return Result<void>();
    CO_TRY(co_await wait(Direction::write, budget));
  }
}

void TcpStream::shutdown_send() {
  boost::system::error_code ignored;  // a peer that is gone needs no telling
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void TcpStream::close() {
  boost::system::error_code ignored;  // there is nobody to be told, and the descriptor is freed in any case
  socket_.close(ignored);
}

void TcpStream::reset() {
  boost::system::error_code ignored;  // as in close()
  socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void TcpStream::cancel_wait() {
  boost::system::error_code ignored;  // then there was no wait to end
  socket_.cancel(ignored);
}

Task<Result<void>> TcpStream::wait(Direction direction, ProgressBudget& budget) {
  turn_bytes_ = 0;
  if (aborted()) co_return failure(error_of(EBADF, "wait"));
  MonotonicTime start = clock_.monotonic();
  begin_wait(start + budget.left());
  auto what = direction == Direction::read ? Socket::wait_read : Socket::wait_write;
  auto [error] = co_await socket_.async_wait(what, when_done);
  finish_wait();
  budget.waited(clock_.monotonic() - start);
  if (error) co_return failure(error_of(error.value(), direction == Direction::read ? "receive" : "send"));
  co_return Result<void>();
}

Task<void> TcpStream::take_turns() {
  turn_bytes_ = 0;
  co_await boost::asio::post(boost::asio::deferred);
}

}  // namespace shoal::net
