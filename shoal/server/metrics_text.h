#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shoal/base/memory_budget.h"
#include "shoal/cache/cache_report.h"
#include "shoal/cache/coherent_cache.h"
#include "shoal/flash/flash_stats.h"
#include "shoal/net/server_counters.h"
#include "shoal/origin/origin_counters.h"
#include "shoal/server/events_endpoint.h"
#include "shoal/server/request_metrics.h"
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
  // Each of all loops:
  std::vector<const service::OperationSlots::Counters*> operations = {};
  std::vector<const RequestMetrics*> requests = {};
  std::vector<const metrics::DurationHistogram*> loop_lags = {};
  std::vector<const metrics::DurationHistogram*> sync_times = {};

  std::vector<const origin::OriginCounters*> origins = {};  ///< none without an origin
  cache::CoherentCache::Stats coherence = {};               ///< of all loops
  listing::ListCache::Stats lists = {};                     ///< of all loops
  std::uint64_t listed_names = 0;
  const EventsEndpoint::Counters* events = nullptr;  ///< null: nobody can tell of any

  std::optional<flash::FlashStats> flash = {};  ///< of all loops; nothing without flash

  std::uint64_t near_hits = 0;  ///< of all loops
  std::uint64_t huge_pages_made = 0;
  std::uint64_t heap_trims = 0;

  std::uint64_t access_lines_dropped = 0;
};

/// In the text format of Prometheus.
std::string metrics_text(const MetricsInput& input);

}  // namespace shoal::server
