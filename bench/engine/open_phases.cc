#include <algorithm>
#include <csignal>
#include <vector>

#include "bench/engine/phase.h"
#include "bench/engine/process_numbers.h"
#include <unistd.h>

#include "shoal/base/check.h"

namespace shoal::bench {
namespace {

constexpr double cache_share = 0.06;

/// From nothing to the first object.
void open_and_get(PhaseRun& run, const char* scenario) {
  std::vector<std::uint32_t> number(1, static_cast<std::uint32_t>(run.order.seed * 7919 % run.objects.count()));
  std::uint64_t memory_before = own_memory_bytes();
  Stopwatch watch;
  std::unique_ptr<Engine> engine = run.open(run.for_reading(cache_share, true));
  CHECK_MSG(engine->get(run.objects, number, 1) == 1, "the first object is not there");
  run.measured(scenario, "ms", watch.seconds() * 1000);
  std::uint64_t memory = own_memory_bytes();
  run.measured(std::string(scenario) + ": memory an object", "bytes",
               (static_cast<double>(memory) - static_cast<double>(memory_before)) / run.objects.count());
}

}  // namespace

void run_open_after_close(PhaseRun& run) { open_and_get(run, "open after close"); }

void run_open_after_kill(PhaseRun& run) { open_and_get(run, "open after kill"); }

/// Writes a few objects again, synced, and dies.
void run_kill(PhaseRun& run) {
  std::unique_ptr<Engine> engine = run.open(run.for_writing(true));
  std::vector<std::uint32_t> numbers = run.objects.shuffled(run.order.seed);
  numbers.resize(std::min<std::size_t>(numbers.size(), 2'048));
  engine->put(run.objects, numbers, 32, 1);
  ::kill(::getpid(), SIGKILL);
}

}  // namespace shoal::bench
