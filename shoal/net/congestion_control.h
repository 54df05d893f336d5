#pragma once

#include <chrono>
#include <string>

#include "shoal/base/result.h"

namespace shoal::net {

/// Which TCP congestion control the connections of one listener have (TCP_CONGESTION, tcp(7)).
///
/// Where the system's is BBR, it paces what it sends with timers, which pays on long paths and costs CPU and regularity
/// on short ones (docs/BENCHMARKS.md, "Congestion control"). So clients nearby get another one.
class CongestionControl {
 public:
  struct Options {
    std::string name = {};       ///< Of all connections; empty: as below.
    std::string near_name = {};  ///< Of clients that are near, all others have the system's; empty: all have it.
    std::chrono::microseconds near_round_trip{1'000};  ///< Near is whose handshake took less.
  };

  /// Prepares a socket that is going to listen: what it accepts inherits its setting. The error is invalid_argument
  /// when the system knows no `name`; without a `near_name` that may be used, all have the system's, and the log says
  /// so.
  static Result<CongestionControl> prepare(int listening_socket, const Options& options);

  /// For a socket just accepted.
  void choose(int socket) const;

 private:
  std::string far_name_;  // empty: all keep what they inherited
  std::chrono::microseconds near_round_trip_{0};
};

}  // namespace shoal::net
