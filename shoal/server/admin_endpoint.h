#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "shoal/base/clock.h"
#include "shoal/http/uri.h"
#include "shoal/net/request_handler.h"
#include "shoal/s3/sigv4.h"
#include "shoal/server/cache_admin.h"
#include "shoal/storage/log_engine.h"

namespace shoal::server {

/// What an operator's tools ask, on an address of its own.
///
///     GET /-/health                             the process lives
///     GET /-/ready                              it serves requests (503 while it starts or stops)
///     GET /metrics                              numbers for Prometheus
///     … /-/cache/…                              what is in memory, and work on it (cache_admin.h)
///     … /-/storage/…                            segments, damage, and work on them (storage_admin.h)
///
/// The first three tell nothing about what is stored, so they ask for no login. The others do, and want to be signed
/// with the root key, by Signature Version 4 as the S3 API has it.
class AdminEndpoint final : public net::RequestHandler {
 public:
  struct Services {
    std::function<Task<std::string>()> metrics;
    CacheAdmin* cache;
    storage::LogEngine* engine;  ///< null: an origin keeps the objects
    const s3::KeyStore* keys;
    const Clock* clock;
  };

  /// Before the first request; what it refers to outlives the serving.
  void start(Services services);
  Task<void> handle(net::Exchange& exchange) override;

  /// Any thread.
  void set_ready(bool ready) { ready_.store(ready, std::memory_order_relaxed); }

 private:
  Task<void> handle_signed(net::Exchange& exchange, http::TargetParts target);

  std::atomic<bool> ready_{false};
  Services services_{};
  std::optional<s3::SigV4Verifier> verifier_;
};

}  // namespace shoal::server
