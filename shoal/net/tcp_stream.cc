#include "shoal/net/tcp_stream.h"

#include <cerrno>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <sys/socket.h>

namespace shoal::net {
namespace {

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

Task<Result<std::size_t>> TcpStream::receive(MutableByteSpan target, ProgressBudget::Duration timeout) {
  begin_turn();
  begin_wait(clock().monotonic() + timeout);
  auto [error, bytes] = co_await socket().async_receive(boost::asio::buffer(target.data(), target.size()),
                                                        boost::asio::as_tuple(boost::asio::deferred));
  finish_wait();
  if (error == boost::asio::error::eof) co_return 0;
  if (error) co_return failure(error_of(error.value(), "receive"));
  count_received(bytes);
  co_return bytes;
}

Result<SocketStream::Attempt> TcpStream::try_receive(MutableByteSpan target) {
  for (;;) {
    ssize_t bytes = ::recv(socket().native_handle(), target.data(), target.size(), 0);
    if (bytes >= 0) return Attempt{.bytes = static_cast<std::size_t>(bytes), .blocked = {}};
    int error_number = errno;
    if (error_number == EINTR) continue;
    if (would_block(error_number)) return Attempt{.bytes = 0, .blocked = Direction::read};
    return failure(error_of(error_number, "receive"));
  }
}

Result<SocketStream::Attempt> TcpStream::try_send(GatherList& list) {
  std::span<iovec> parts = list.next_parts();
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  for (;;) {
    ssize_t bytes = ::sendmsg(socket().native_handle(), &message, MSG_NOSIGNAL);
    if (bytes >= 0) {
      list.written(static_cast<std::size_t>(bytes));
      return Attempt{.bytes = static_cast<std::size_t>(bytes), .blocked = {}};
    }
    int error_number = errno;
    if (error_number == EINTR) continue;
    if (would_block(error_number)) return Attempt{.bytes = 0, .blocked = Direction::write};
    return failure(error_of(error_number, "send"));
  }
}

}  // namespace shoal::net
