#pragma once

#include <memory>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/net/stream.h"

namespace shoal::net {

/// Makes connections to one server. One loop.
class Connector {
 public:
  virtual ~Connector() = default;
  /// A new connection, ready to be written to. Fails with closed (nobody is there, or the name means nothing),
  /// timed_out, io_error; nothing was sent that the server could act on.
  virtual Task<Result<std::unique_ptr<Stream>>> connect() = 0;
};

}  // namespace shoal::net
