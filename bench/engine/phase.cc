#include "bench/engine/phase.h"

#include <cmath>

namespace shoal::bench {

void PhaseRun::measured_pace(const std::string& scenario, const Pace& pace) const {
  measured(scenario, "op/s", pace.operations / pace.seconds);
  measured(scenario + ": CPU", "us", pace.cpu_seconds / pace.operations * 1e6);
}

EngineOptions PhaseRun::for_reading(double cache_share, bool direct_reads) const {
  EngineOptions options = for_writing(true);
  options.cache_bytes = static_cast<std::uint64_t>(std::llround(cache_share * static_cast<double>(objects.bytes())));
  options.direct_reads = direct_reads;
  return options;
}

EngineOptions PhaseRun::for_writing(bool sync) const {
  EngineOptions options;
  options.directory = order.directory;
  options.sync = sync;
  options.data_bytes = objects.bytes();
  options.body_bytes = objects.body_bytes();
  return options;
}

}  // namespace shoal::bench
