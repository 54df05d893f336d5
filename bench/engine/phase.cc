#include "bench/engine/phase.h"

#include <cmath>

namespace shoal::bench {

std::unique_ptr<Engine> PhaseRun::open(double cache_share, bool direct_reads, bool sync) const {
  EngineOptions options;
  options.directory = order.directory;
  options.cache_bytes = static_cast<std::uint64_t>(std::llround(cache_share * static_cast<double>(objects.bytes())));
  options.direct_reads = direct_reads;
  options.sync = sync;
  options.data_bytes = objects.bytes();
  options.body_bytes = objects.body_bytes();
  return system.open(options);
}

}  // namespace shoal::bench
