#pragma once

#include <memory>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/net/endpoint.h"
#include "shoal/net/stream.h"

namespace shoal::net {

/// Where clients connect: TcpListener, or sim::SimulatedNetwork's. All calls on one loop, one accept() at a time.
class Listener {
 public:
  struct Accepted {
    std::unique_ptr<Stream> stream;
    Endpoint peer;
  };

  virtual ~Listener() = default;

  /// The next client. Fails with closed after close(), with cancelled when the client went away while it waited for us,
  /// with io_error when the system has nothing left for a further connection.
  virtual Task<Result<Accepted>> accept() = 0;
  /// Clients are refused from now on; a waiting accept() fails.
  virtual void close() = 0;
  /// With the port that the system chose, if it had to.
  virtual Endpoint local_endpoint() const = 0;
};

}  // namespace shoal::net
