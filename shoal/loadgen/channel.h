#pragma once

#include <cstdint>
#include <string>

#include "shoal/base/clock.h"
#include "shoal/loadgen/body_checker.h"
#include "shoal/loadgen/body_generator.h"
#include "shoal/loadgen/client_connection.h"
#include "shoal/loadgen/operation.h"
#include "shoal/loadgen/response_reader.h"

namespace shoal::loadgen {

/// One connection of a worker and the request on it.
struct Channel {
  explicit Channel(const BodyGenerator& bodies) : checker(bodies) {}

  ClientConnection connection;
  ResponseReader reader;
  bool busy = false;        ///< with `operation`
  bool answered = false;    ///< once at least since the connection was opened
  bool sent_again = false;  ///< the request, because the server had closed the connection while it was idle
  Operation operation;
  std::uint64_t number = 0;  ///< of the object, among those of all workers
  std::uint64_t oldest = 0;  ///< version of it that may be seen
  MonotonicTime began;
  GeneratedBody body;   ///< of a put
  BodyChecker checker;  ///< of what a get answers
  std::string text;     ///< a list, or the document of an error
};

}  // namespace shoal::loadgen
