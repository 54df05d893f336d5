#pragma once

#include "shoal/net/socket_stream.h"
#include "shoal/net/tls_context.h"

namespace shoal::net {

/// One side of a TLS connection. A server's handshake is part of its first read; a client's is done before
/// (TlsConnector). That a peer ends the connection without saying so (close_notify) is an error, not an end: somebody
/// else may have cut it off.
class TlsStream final : public SocketStream {
 public:
  /// As for SocketStream; `ssl` was made for the socket.
  TlsStream(io::SocketPoller& poller, io::FileDescriptor socket, const Clock& clock, TlsContext::SslPointer ssl)
      : SocketStream(poller, std::move(socket), clock), ssl_(std::move(ssl)) {}

  void shutdown_send() override;
  void close() override;

 private:
  Result<Attempt> try_receive(MutableByteSpan target) override;
  Result<Attempt> try_send(GatherList& list) override;
  /// What an outcome of OpenSSL other than success means.
  Result<Attempt> attempt_of(int outcome, const char* attempt);
  Result<void> check_usable(const char* attempt) const;
  void say_goodbye();
  void discard_received();

  const TlsContext::SslPointer ssl_;
  bool broken_ = false;  // OpenSSL must not be asked for anything any more
};

}  // namespace shoal::net
