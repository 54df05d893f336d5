#pragma once

#include <atomic>

#include "shoal/net/request_handler.h"

namespace shoal::server {

/// What an operator's tools ask, on an address of its own: `/-/health` says that the process lives, `/-/ready` that it
/// serves requests (503 while it starts or stops). Neither tells anything about what is stored, so neither asks for a
/// login.
class AdminEndpoint final : public net::RequestHandler {
 public:
  Task<void> handle(net::Exchange& exchange) override;

  /// Any thread.
  void set_ready(bool ready) { ready_.store(ready, std::memory_order_relaxed); }

 private:
  std::atomic<bool> ready_{false};
};

}  // namespace shoal::server
