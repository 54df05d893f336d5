#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "shoal/base/memory_budget.h"
#include "shoal/base/task.h"
#include "shoal/model/object_key.h"
#include "shoal/net/request_handler.h"
#include "shoal/s3/credentials.h"

namespace shoal::server {

/// Where an origin, or who acts for it, tells which objects have changed: POST of a message (event_message.h) with the
/// token, as "Authorization: Bearer TOKEN" or as the password of Basic authentication (RFC 7617), which is what can be
/// had from MinIO, Ceph RGW and EventBridge. On any path.
///
/// What is told is never believed: the objects are compared with the origin before they are served again.
class EventsEndpoint final : public net::RequestHandler {
 public:
  struct Options {
    s3::SecretKey token;
    std::uint64_t body_bytes_max;
    MemoryBudget* budget;  ///< of the process; outlives the endpoint
  };
  /// Called for each object that a message names; the bucket has its name at the origin.
  using Doubt = std::function<Task<void>(ObjectKey key)>;

  EventsEndpoint(Options options, Doubt doubt) : options_(std::move(options)), doubt_(std::move(doubt)) {}

  Task<void> handle(net::Exchange& exchange) override;

  struct Counters {
    std::atomic<std::uint64_t> messages{0};  ///< that were understood
    std::atomic<std::uint64_t> refused{0};   ///< for want of the token, or as no message
    std::atomic<std::uint64_t> objects{0};   ///< that were named
  };
  /// Any thread.
  const Counters& counters() const { return counters_; }

 private:
  bool is_authenticated(const net::Exchange& exchange) const;
  /// The status of the answer.
  Task<int> take(net::Exchange& exchange);

  Options options_;
  Doubt doubt_;
  Counters counters_;
};

}  // namespace shoal::server
