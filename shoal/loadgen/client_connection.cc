#include "shoal/loadgen/client_connection.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "shoal/io/socket_calls.h"

namespace shoal::loadgen {
namespace {

std::string describe(const char* attempt) {
  return std::string(attempt) + ": " + std::generic_category().message(errno);
}

}  // namespace

Result<void> ClientConnection::open(const ServerAddress::Socket& server) {
  close();
  socket_ = io::FileDescriptor(::socket(server.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return failure(ErrorCode::io_error, describe("open a socket"));
  int on = 1;
  (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // only slower without
  const auto* address = reinterpret_cast<const sockaddr*>(&server.address);
  if (::connect(socket_.get(), address, server.bytes) != 0 && errno != EINPROGRESS) {
    return failure(ErrorCode::io_error, describe("connect"));
  }
  return {};
}

void ClientConnection::close() { socket_ = io::FileDescriptor(); }

std::string& ClientConnection::start_request() {
  head_.clear();
  parts_.assign(1, iovec{});
  next_part_ = 0;
  head_added_ = false;
  return head_;
}

void ClientConnection::add_body(std::span<const ByteSpan> pieces) {
  for (ByteSpan piece : pieces) {
    // The system call does not write to what it sends, but its structure has no const.
    if (!piece.empty()) parts_.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
  }
}

Result<bool> ClientConnection::send() {
  if (!head_added_) {
    parts_.front() = {head_.data(), head_.size()};
    head_added_ = true;
  }
  while (next_part_ < parts_.size()) {
    msghdr message{};
    message.msg_iov = parts_.data() + next_part_;
    message.msg_iovlen = std::min<std::size_t>(parts_.size() - next_part_, IOV_MAX);
    ssize_t sent = io::send_message(socket_.get(), message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      return failure(ErrorCode::closed, describe("send"));
    }
    for (auto left = static_cast<std::size_t>(sent); left > 0;) {
      iovec& part = parts_[next_part_];
      std::size_t taken = std::min(left, part.iov_len);
      part.iov_base = static_cast<std::byte*>(part.iov_base) + taken;
      part.iov_len -= taken;
      left -= taken;
      if (part.iov_len == 0) ++next_part_;
    }
  }
  return true;
}

Result<std::optional<std::size_t>> ClientConnection::receive(MutableByteSpan target) {
  for (;;) {
    ssize_t received = io::receive(socket_.get(), target);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    return failure(ErrorCode::closed, describe("receive"));
  }
}

}  // namespace shoal::loadgen
