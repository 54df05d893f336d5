#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "shoal/loadgen/latency_histogram.h"
#include "shoal/loadgen/operation.h"

namespace shoal::loadgen {

/// What came of the requests of one kind.
struct OperationStats {
  LatencyHistogram latency;  ///< of those that were answered as they should be
  std::uint64_t bytes = 0;   ///< of bodies, sent or received
  std::uint64_t errors = 0;  ///< connections that broke, time-outs, statuses that tell of a failure
  std::uint64_t wrong = 0;   ///< answers that say success and cannot be true

  std::uint64_t succeeded() const { return latency.count(); }
};

/// What came of all requests of one worker, or of all workers. The time of a request is from the moment before it is
/// sent until its answer is in and checked.
struct LoadStats {
  std::array<OperationStats, operation_kinds.size()> operations;
  std::uint64_t reconnects = 0;                   ///< of requests that were sent again without harm
  std::map<std::string, std::uint64_t> troubles;  ///< what went wrong, and how often; the first few kinds only
  std::chrono::nanoseconds cpu{};                 ///< of the workers, warm-up included
  std::uint64_t requests_made = 0;                ///< in this time

  OperationStats& of(OperationKind kind) { return operations[static_cast<std::size_t>(kind)]; }
  const OperationStats& of(OperationKind kind) const { return operations[static_cast<std::size_t>(kind)]; }
  void add_trouble(const std::string& what);
  void merge(const LoadStats& other);
  std::uint64_t errors() const;
  std::uint64_t wrong() const;
};

}  // namespace shoal::loadgen
