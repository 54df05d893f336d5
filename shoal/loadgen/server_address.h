#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include "shoal/base/result.h"

namespace shoal::loadgen {

/// Where an S3 endpoint listens.
struct ServerAddress {
  struct Socket {
    sockaddr_storage address{};
    socklen_t bytes = 0;
  };

  std::string host;             ///< as the Host header has it, with the port unless that is 80
  std::vector<Socket> sockets;  ///< what the name stands for, at least one; connections take them in turn

  /// From "http://127.0.0.1:9000", "http://[::1]:9000" or "http://name". Looks the name up, which may block. Fails with
  /// invalid_argument when it is no such URL, io_error when there is no such host.
  static Result<ServerAddress> resolve(std::string_view url);
};

}  // namespace shoal::loadgen
