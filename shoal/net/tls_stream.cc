#include "shoal/net/tls_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "shoal/base/upper_halves_guard.h"

namespace shoal::net {
namespace {

/// What one TLS record holds. Head and body of a small response go into one record, and so into one segment.
constexpr std::size_t record_bytes_max = 16_KiB;

}  // namespace

/// OpenSSL knows the socket by its number, which is somebody else's once the socket is closed.
Result<void> TlsStream::check_usable(const char* attempt) const {
  if (!socket().is_open()) return failure(error_of(EBADF, attempt));
  if (broken_) return failure(error_of(ECONNRESET, attempt));
  return {};
}

Result<SocketStream::Attempt> TlsStream::try_receive(MutableByteSpan target) {
  TRY(check_usable("receive"));
  ERR_clear_error();
  errno = 0;
  std::size_t bytes = 0;
  UpperHalvesGuard guard;
  int outcome = SSL_read_ex(ssl_.get(), target.data(), target.size(), &bytes);
  if (outcome == 1) return Attempt{.bytes = bytes, .blocked = {}};
  return attempt_of(outcome, "receive");
}

Result<SocketStream::Attempt> TlsStream::try_send(GatherList& list) {
  TRY(check_usable("send"));
  std::span<iovec> parts = list.next_parts();
  const void* data = parts[0].iov_base;
  std::size_t bytes = std::min<std::size_t>(parts[0].iov_len, INT_MAX);
  // An attempt that is made again finds the same bytes here, as OpenSSL wants it.
  std::array<std::byte, record_bytes_max> record;
  if (parts.size() > 1 && bytes < record.size()) {
    bytes = 0;
    for (const iovec& part : parts) {
      std::size_t taken = std::min(part.iov_len, record.size() - bytes);
      std::memcpy(record.data() + bytes, part.iov_base, taken);
      bytes += taken;
    }
    data = record.data();
  }
  ERR_clear_error();
  errno = 0;
  std::size_t written = 0;
  UpperHalvesGuard guard;
  int outcome = SSL_write_ex(ssl_.get(), data, bytes, &written);
  if (outcome != 1) return attempt_of(outcome, "send");
  list.written(written);
  return Attempt{.bytes = written, .blocked = {}};
}

Result<SocketStream::Attempt> TlsStream::attempt_of(int outcome, const char* attempt) {
  int error_number = errno;
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_ZERO_RETURN:
      return Attempt{};
    case SSL_ERROR_WANT_READ:
      socket().found_exhausted(Direction::read);
      return Attempt{.bytes = 0, .blocked = Direction::read};
    case SSL_ERROR_WANT_WRITE:
      socket().found_exhausted(Direction::write);
      return Attempt{.bytes = 0, .blocked = Direction::write};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      return failure(error_of(error_number == 0 ? ECONNRESET : error_number, attempt));
    default:
      break;
  }
  broken_ = true;
  const char* reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return failure(ErrorCode::closed, std::string(attempt) + ": TLS: " + (reason == nullptr ? "broken off" : reason));
}

/// Tells the peer that what it got is all. Nobody waits for the answer.
void TlsStream::say_goodbye() {
  if (broken_ || !socket().is_open() || SSL_in_init(ssl_.get()) == 1) return;
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) < 0) broken_ = true;
  ERR_clear_error();
}

void TlsStream::shutdown_send() {
  say_goodbye();
  SocketStream::shutdown_send();
}

void TlsStream::close() {
  say_goodbye();
  if (broken_) discard_received();
  SocketStream::close();
}

/// What is unread when a socket closes would make its end a reset, and take from the peer what tells it why.
void TlsStream::discard_received() {
  std::array<std::byte, record_bytes_max> dropped;
  (void)::recv(socket().descriptor(), dropped.data(), dropped.size(), MSG_DONTWAIT);
}

}  // namespace shoal::net
