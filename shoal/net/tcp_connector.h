#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "shoal/io/file_descriptor.h"
#include "shoal/io/socket_poller.h"
#include "shoal/net/connector.h"
#include "shoal/net/name_lookup.h"

namespace shoal::net {

/// Connects over TCP. When a name has several addresses, connections take them in turn, and one that does not answer
/// is passed over.
class TcpConnector final : public Connector {
 public:
  struct Options {
    NameLookup::Options names;
    std::chrono::milliseconds connect_timeout{5'000};                                      ///< for each address
    std::chrono::milliseconds turn_time_max = io::SocketPoller::turn_time_max_by_default;  ///< see io::SocketPoller
  };

  /// See NameLookup for the arguments.
  TcpConnector(io::EventLoop& loop, io::Timers& timers, io::WorkerThreads& threads, std::string host,
               std::uint16_t port, Options options);

  Task<Result<std::unique_ptr<Stream>>> connect() override;

  /// A connected socket that does not block, for who speaks something else than plain TCP over it.
  Task<Result<io::FileDescriptor>> connect_socket();
  /// Where such a socket may wait.
  io::SocketPoller& poller() { return poller_; }

 private:
  Task<Result<io::FileDescriptor>> connect_to(Endpoint endpoint);

  io::EventLoop& loop_;
  io::Timers& timers_;
  const Options options_;
  NameLookup names_;
  io::SocketPoller poller_;  // of the connected
  std::size_t turn_ = 0;
};

}  // namespace shoal::net
