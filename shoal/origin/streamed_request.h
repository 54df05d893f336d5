#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shoal/net/connection_pool.h"
#include "shoal/origin/origin_client.h"
#include "shoal/origin/origin_request.h"

namespace shoal::origin {

/// One request whose body is sent as it comes. What came last is held back until finish(), so that nothing can have
/// happened at the origin before; destroyed without that, the connection is broken off and nothing does happen. It is
/// made once: nobody has the body for a second attempt. One loop; the client outlives it.
class StreamedRequest {
 public:
  /// The head was sent over the connection; `body_bytes` follow.
  StreamedRequest(OriginClient& client, net::ConnectionPool::Lease connection, OriginRequest request,
                  std::uint64_t body_bytes);
  ~StreamedRequest();
  StreamedRequest(const StreamedRequest&) = delete;  // owns the connection
  StreamedRequest& operator=(const StreamedRequest&) = delete;

  /// Errors are what the origin said if it refuses, else overloaded: nothing happened, and the request may be made
  /// again.
  Task<Result<void>> write(Body piece);
  /// Sends the rest and gives the answer. Errors as those of OriginClient::fetch() for a request that must not be sent
  /// twice.
  /// `checksums` of the body have that of the trailer, if the request has one.
  Task<Result<OriginAnswer>> finish(std::vector<Checksum> checksums);

 private:
  Task<Result<void>> send(Body piece, std::string_view behind = {});
  void break_off();

  OriginClient& client_;
  std::optional<net::ConnectionPool::Lease> connection_;  // none: it is over
  const OriginRequest request_;
  const std::uint64_t body_bytes_;
  std::uint64_t sent_bytes_ = 0;
  Body held_back_;
};

}  // namespace shoal::origin
