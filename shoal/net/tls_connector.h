#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "shoal/net/tcp_connector.h"
#include "shoal/net/tls_client_context.h"

namespace shoal::net {

/// Connects over TCP and TLS to a server that proves to be the host which was asked for. The handshake is over before
/// anybody gets the connection, so that a server that is somebody else never sees a request.
class TlsConnector final : public Connector {
 public:
  struct Options {
    TcpConnector::Options tcp;
    std::chrono::milliseconds handshake_timeout{5'000};
  };

  /// See TcpConnector for the others; `context` outlives the connector.
  TlsConnector(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host,
               std::uint16_t port, const TlsClientContext& context, Options options);

  /// A server that cannot prove to be the host is `closed`, like one that is not there; the message tells why.
  Task<Result<std::unique_ptr<Stream>>> connect() override;

 private:
  io::EventLoop& loop_;
  io::Timers& timers_;
  const std::string host_;
  const TlsClientContext& context_;
  const Options options_;
  TcpConnector tcp_;
};

}  // namespace shoal::net
