#pragma once

#include "shoal/net/socket_stream.h"

namespace shoal::net {

/// A TCP connection, with nothing between us and its bytes. What lies in a file goes out without a copy; as writing to
/// a connection that is gone then raises SIGPIPE, the process ignores that.
class TcpStream final : public SocketStream {
 public:
  /// As for SocketStream.
  TcpStream(io::SocketPoller& poller, io::FileDescriptor socket, const Clock& clock)
      : SocketStream(poller, std::move(socket), clock) {}

 private:
  Result<Attempt> try_receive(MutableByteSpan target) override;
  Result<Attempt> try_send(GatherList& list) override;
};

}  // namespace shoal::net
