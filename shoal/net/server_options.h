#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shoal/base/bytes.h"
#include "shoal/base/clock.h"
#include "shoal/base/memory_account.h"
#include "shoal/http/request_parser.h"
#include "shoal/io/socket_poller.h"
#include "shoal/net/congestion_control.h"
#include "shoal/net/tls_context.h"

namespace shoal::net {

/// What one HttpServer allows its clients. Times are kept to about a quarter of the shortest of them, at most half a
/// second: one timer looks after all connections.
struct ServerOptions {
  /// What a request head may need.
  http::RequestLimits request_limits = {};
  /// From the first byte of a head to its last; and from accepting a connection to its first byte. Late: 408.
  std::chrono::milliseconds head_timeout{10'000};
  /// Between two requests; then the connection is closed.
  std::chrono::milliseconds idle_timeout{60'000};
  /// While we wait for a body, this many bytes have to come in each such time (less at its end); a client that drips
  /// is not a slow client.
  std::chrono::milliseconds body_timeout{30'000};
  std::size_t body_progress_bytes_min = 32_KiB;
  /// The same for what a client takes of our responses.
  std::chrono::milliseconds write_timeout{30'000};
  std::size_t write_progress_bytes_min = 32_KiB;

  /// Of a body that the handler left unread, so much is read and dropped to keep the connection; beyond that it is
  /// closed.
  std::uint64_t drain_bytes_max = 256_KiB;
  /// A connection that we close while the client still sends is read on for so long and so far, because closing it at
  /// once would take back the answer that is under way (RFC 9112 section 9.6).
  std::chrono::milliseconds linger_timeout{2'000};
  std::uint64_t linger_bytes_max = 4_MiB;

  /// Open at the same time on this server; further ones are answered 503 and closed.
  std::size_t connections_max = 10'000;
  /// Further connections may wait to be answered 503; beyond these they are closed without a word.
  std::size_t refusals_max = 64;
  /// Connections that the kernel holds for us until we accept them.
  int accept_backlog = 4'096;
  /// Connections accepted in one turn of the loop, while those that are open wait. One alone would make the last of
  /// many new ones wait for as many turns, each as long as what all the others ask for takes.
  std::uint32_t accepts_at_once = 16;
  /// See io::SocketPoller.
  std::chrono::milliseconds turn_time_max = io::SocketPoller::turn_time_max_by_default;

  /// SO_SNDBUF; 0 lets the system tune it.
  int send_buffer_bytes = 0;
  /// TCP_NOTSENT_LOWAT: what the kernel holds of a response beyond what is on its way; 0 for the system's default.
  int unsent_bytes_max = 0;
  CongestionControl::Options congestion_control = {};

  /// Connections are encrypted with it; null: they are plain. Outlives the server.
  const TlsContext* tls = nullptr;

  /// For timeouts and Date; outlives the server.
  const Clock* clock = &system_clock();
  /// Where received bodies are charged; may be null; outlives every Body.
  MemoryAccount* body_account = nullptr;
  /// Where connections' read buffers are charged; may be null; outlives the server.
  MemoryAccount* connection_account = nullptr;
};

}  // namespace shoal::net
