#pragma once

#include "shoal/metrics/loop_counter.h"

namespace shoal::net {

/// What an HttpServer has seen so far. Traffic is counted when a request or a connection ends.
struct ServerCounters {
  metrics::LoopCounter connections_accepted;
  metrics::LoopCounter connections_open;
  metrics::LoopCounter connections_refused;  ///< over connections_max
  metrics::LoopCounter requests;             ///< whose head was good
  metrics::LoopCounter refusals;             ///< answers that the server gave instead of the handler
  metrics::LoopCounter timeouts;             ///< while waiting for a head, idle connections included
  metrics::LoopCounter bytes_received;
  metrics::LoopCounter bytes_sent;
};

}  // namespace shoal::net
