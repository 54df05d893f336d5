#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "shoal/net/connector.h"
#include "shoal/net/name_lookup.h"
#include "shoal/net/tcp_stream.h"

namespace shoal::net {

/// Connects over TCP. When a name has several addresses, connections take them in turn, and one that does not answer
/// is passed over.
class TcpConnector final : public Connector {
 public:
  struct Options {
    NameLookup::Options names;
    std::chrono::milliseconds connect_timeout{5'000};  ///< for each address
  };

  /// See NameLookup for the arguments.
  TcpConnector(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host,
               std::uint16_t port, Options options);

  Task<Result<std::unique_ptr<Stream>>> connect() override;

  /// A connected socket, for who speaks something else than plain TCP over it.
  Task<Result<TcpStream::Socket>> connect_socket();

 private:
  Task<Result<TcpStream::Socket>> connect_to(Endpoint endpoint);

  io::EventLoop& loop_;
  io::Timers& timers_;
  const Options options_;
  NameLookup names_;
  std::size_t turn_ = 0;
};

}  // namespace shoal::net
