#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/uio.h>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"
#include "shoal/io/file_descriptor.h"
#include "shoal/loadgen/server_address.h"

namespace shoal::loadgen {

/// One TCP connection to the server, which never blocks: calls do what can be done now, and the owner's poller tells
/// when more can be. The only place of the load generator that touches sockets in its loop.
class ClientConnection {
 public:
  /// Begins to connect; the outcome shows with the first send(). Fails with io_error.
  Result<void> open(const ServerAddress::Socket& server);
  /// What was not sent yet may be sent on the next connection.
  void close();
  bool is_open() const { return static_cast<bool>(socket_); }
  int descriptor() const { return socket_.get(); }

  /// The head of the next request is put together here, then the body added, then sent with send().
  std::string& start_request();
  /// The head of the last request, to be sent again on another connection.
  std::string take_head() { return std::move(head_); }
  /// The pieces stay where they are until the request is sent.
  void add_body(std::span<const ByteSpan> pieces);
  /// True when all is sent; false when the rest has to wait until the socket is writable. Fails with closed.
  Result<bool> send();
  bool has_unsent() const { return next_part_ < parts_.size(); }

  /// Nothing when there is nothing now; 0 at the end of what the server sends. Fails with closed.
  Result<std::optional<std::size_t>> receive(MutableByteSpan target);

 private:
  io::FileDescriptor socket_;
  std::string head_;
  std::vector<iovec> parts_;  // the first is the head, set when it is sent
  std::size_t next_part_ = 0;
  bool head_added_ = false;
};

}  // namespace shoal::loadgen
