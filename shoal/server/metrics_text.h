#pragma once

#include <string>
#include <vector>

#include "shoal/base/memory_budget.h"
#include "shoal/cache/cache_report.h"
#include "shoal/net/server_counters.h"
#include "shoal/service/operation_slots.h"
#include "shoal/storage/log_engine.h"

namespace shoal::server {

/// What `/metrics` shows.
struct MetricsInput {
  const cache::CacheReport& cache;
  const MemoryBudget& budget;
  std::vector<const MemoryAccount*> accounts;        ///< those that are not the caches'
  std::vector<const net::ServerCounters*> counters;  ///< of the S3 servers of all loops
  const storage::LogEngine::Statistics& storage;
  std::vector<const service::OperationSlots::Counters*> operations;  ///< of all loops
};

/// In the text format of Prometheus.
std::string metrics_text(const MetricsInput& input);

}  // namespace shoal::server
