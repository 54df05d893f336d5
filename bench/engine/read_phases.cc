#include <algorithm>
#include <string>
#include <vector>

#include "bench/engine/phase.h"
#include "bench/lib/zipf.h"

#include "shoal/base/check.h"
#include "shoal/base/random.h"

namespace shoal::bench {
namespace {

constexpr unsigned many_in_flight = 32;
constexpr unsigned cores = 2;
constexpr double cold_cache_share = 0.06;
/// With room for what a system keeps beside each body.
constexpr double warm_cache_share = 2.5;
constexpr std::size_t listed_names = 1'000;

using Numbers = std::vector<std::uint32_t>;

/// `count` numbers, each from `next()`.
template <typename Next>
Numbers numbers_of(std::size_t count, Next next) {
  Numbers numbers(count);
  for (std::uint32_t& number : numbers) number = static_cast<std::uint32_t>(next());
  return numbers;
}

/// Gets, going through the numbers in steps; `found` of each step must be all or none.
Pace measure_gets(PhaseRun& run, Engine& engine, const Numbers& numbers, std::size_t step, unsigned in_flight,
                  bool exist) {
  step = std::min(step, numbers.size());
  std::size_t at = 0;
  return pace_of(run.order.seconds, [&] {
    if (at + step > numbers.size()) at = 0;
    std::uint64_t found = engine.get(run.objects, std::span(numbers).subspan(at, step), in_flight);
    CHECK_MSG(found == (exist ? step : 0), "a system found too few or too many objects");
    at += step;
    return step;
  });
}

Pace measure_lists(PhaseRun& run, Engine& engine, Random& random) {
  return pace_of(run.order.seconds, [&] {
    auto number = static_cast<std::uint32_t>(random.below(run.objects.count()));
    NameBuffer buffer;
    Listed listed = engine.list(run.objects.directory(number, buffer), listed_names);
    std::uint32_t first = number - number % ObjectSet::directory_objects;
    auto count = std::min<std::size_t>(run.objects.count() - first, ObjectSet::directory_objects);
    bool right = listed.count == count && listed.first == run.objects.name(first, buffer);
    right = right && listed.last == run.objects.name(first + static_cast<std::uint32_t>(count) - 1, buffer);
    CHECK_MSG(right, "a system listed other names");
    return 1;
  });
}

/// Gets any objects, `step` at a time, with a cache that is full.
void measure_cold(PhaseRun& run, const std::string& scenario, unsigned in_flight, unsigned loops, std::size_t step) {
  const std::uint32_t count = run.objects.count();
  EngineOptions options = run.for_reading(cold_cache_share, true);
  options.loops = loops;
  std::unique_ptr<Engine> engine = run.open(options);
  Random random(run.order.seed + in_flight);
  auto any = [&] { return random.below(count); };
  Numbers first = numbers_of(static_cast<std::size_t>(2 * cold_cache_share * count), any);
  CHECK(engine->get(run.objects, first, many_in_flight) == first.size());
  for (unsigned i = 0; i < run.order.samples; ++i) {
    Numbers numbers = numbers_of(500'000, any);
    run.measured_pace(scenario, measure_gets(run, *engine, numbers, step, in_flight, true));
  }
}

}  // namespace

void run_warm(PhaseRun& run) {
  const std::uint32_t count = run.objects.count();
  std::unique_ptr<Engine> engine = run.open(run.for_reading(warm_cache_share, false));
  Numbers all = run.objects.shuffled(run.order.seed);
  CHECK(engine->get(run.objects, all, many_in_flight) == count);

  Random random(run.order.seed + 1);
  std::size_t requests = std::min<std::size_t>(4 * std::size_t{count}, 1'000'000);
  Numbers uniform = numbers_of(requests, [&] { return random.below(count); });
  Numbers missing = numbers_of(requests, [&] { return count + random.below(count); });
  Zipf zipf(count, 0.99);
  Numbers popular = numbers_of(requests, [&] { return all[zipf(random)]; });
  constexpr std::size_t step = 20'000;
  for (unsigned i = 0; i < run.order.samples; ++i) {
    run.measured_pace("get warm uniform", measure_gets(run, *engine, uniform, step, 1, true));
    run.measured_pace("get warm zipf 0.99", measure_gets(run, *engine, popular, step, 1, true));
    run.measured_pace("get missing", measure_gets(run, *engine, missing, step, 1, false));
    run.measured_pace("list 1000 names", measure_lists(run, *engine, random));
  }
}

void run_cold(PhaseRun& run) {
  if (!run.system.has_direct_reads) return;
  measure_cold(run, "get cold 1 in flight", 1, 1, 500);
  measure_cold(run, "get cold 32 in flight", many_in_flight, cores, 10'000);
}

}  // namespace shoal::bench
