#include "shoal/net/tcp_stream.h"

#include <cerrno>
#include <optional>
#include <span>

#include <sys/sendfile.h>
#include <sys/socket.h>

#include "shoal/io/socket_calls.h"

namespace shoal::net {
namespace {

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

ssize_t send_from_memory(int socket, GatherList& list) {
  std::span<iovec> parts = list.next_parts_in_memory();
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  // A head does not leave in a packet of its own, ahead of the body in a file.
  bool more_follows = parts.size() < list.next_parts().size();
  return io::send_message(socket, message, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
}

ssize_t send_from_file(int socket, const GatherList::InFile& piece) {
  auto offset = static_cast<off_t>(piece.place.offset);
  return ::sendfile(socket, piece.place.descriptor, &offset, piece.bytes);
}

}  // namespace

Result<SocketStream::Attempt> TcpStream::try_receive(MutableByteSpan target) {
  while (socket().may_be_ready(Direction::read)) {
    ssize_t bytes = io::receive(socket().descriptor(), target);
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
  for (;;) {
    std::optional<GatherList::InFile> in_file = list.next_in_file();
    ssize_t bytes = in_file ? send_from_file(socket().descriptor(), *in_file)  //
                            : send_from_memory(socket().descriptor(), list);
    if (bytes > 0) {
      list.written(static_cast<std::size_t>(bytes));
      return Attempt{.bytes = static_cast<std::size_t>(bytes), .blocked = {}};
    }
    int error_number = bytes == 0 ? EIO : errno;  // nothing is sent only of a file that ends too early
    if (error_number == EINTR) continue;
    if (would_block(error_number)) {
      socket().found_exhausted(Direction::write);
      return Attempt{.bytes = 0, .blocked = Direction::write};
    }
    return failure(error_of(error_number, "send"));
  }
}

}  // namespace shoal::net
