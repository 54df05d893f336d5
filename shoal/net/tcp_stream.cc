#include "shoal/net/tcp_stream.h"

#include <cerrno>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>

namespace shoal::net {
namespace {

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

Task<Result<std::size_t>> TcpStream::receive(MutableByteSpan target, ProgressBudget::Duration timeout) {
  begin_turn();
  MonotonicTime deadline = clock().monotonic() + timeout;
  if (socket().may_be_ready(Direction::read)) co_await boost::asio::post(boost::asio::deferred);
  for (;;) {
    CO_TRY_ASSIGN(Attempt attempt, try_receive(target));
    if (!attempt.blocked) {
      count_received(attempt.bytes);
      co_return attempt.bytes;
    }
    begin_wait(deadline);
    bool ready = co_await socket().wait(Direction::read);
    finish_wait();
    if (!ready) co_return failure(error_of(ECANCELED, "receive"));
  }
}

Result<SocketStream::Attempt> TcpStream::try_receive(MutableByteSpan target) {
  while (socket().may_be_ready(Direction::read)) {
    ssize_t bytes = ::recv(socket().descriptor(), target.data(), target.size(), 0);
    int error_number = errno;
    if (bytes >= 0) {
      if (static_cast<std::size_t>(bytes) < target.size()) socket().found_exhausted(Direction::read);
      return Attempt{.bytes = static_cast<std::size_t>(bytes), .blocked = {}};
    }
    if (error_number == EINTR) continue;
    if (!would_block(error_number)) return failure(error_of(error_number, "receive"));
    socket().found_exhausted(Direction::read);
    break;
  }
  return Attempt{.bytes = 0, .blocked = Direction::read};
}

Result<SocketStream::Attempt> TcpStream::try_send(GatherList& list) {
  std::span<iovec> parts = list.next_parts();
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  for (;;) {
    ssize_t bytes = ::sendmsg(socket().descriptor(), &message, MSG_NOSIGNAL);
    if (bytes >= 0) {
      list.written(static_cast<std::size_t>(bytes));
      return Attempt{.bytes = static_cast<std::size_t>(bytes), .blocked = {}};
    }
    int error_number = errno;
    if (error_number == EINTR) continue;
    if (would_block(error_number)) {
      socket().found_exhausted(Direction::write);
      return Attempt{.bytes = 0, .blocked = Direction::write};
    }
    return failure(error_of(error_number, "send"));
  }
}

}  // namespace shoal::net
