#include "shoal/replay/policies.h"

#include "shoal/cache/arc_policy.h"
#include "shoal/cache/duel_policy.h"
#include "shoal/cache/worth_policy.h"
#include "shoal/replay/belady.h"
#include "shoal/replay/car_policy.h"
#include "shoal/replay/gdsf_policy.h"
#include "shoal/replay/lfu_policy.h"
#include "shoal/replay/lirs_policy.h"
#include "shoal/replay/lru_policy.h"
#include "shoal/replay/s3fifo_policy.h"
#include "shoal/replay/sieve_policy.h"
#include "shoal/replay/two_q_policy.h"
#include "shoal/replay/wtinylfu_policy.h"

namespace shoal::replay {
namespace {

template <typename P>
Outcome run(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards) {
  return simulate<P>(trace, unit, capacity, shards, [](std::uint64_t part) { return std::make_unique<P>(part); });
}

Outcome run_arc(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards) {
  return simulate<cache::ArcPolicy>(trace, unit, capacity, shards, [&](std::uint64_t part) {
    double step_ratio_max = unit == Unit::bytes ? 10 : cache::ArcPolicy::unlimited;
    return std::make_unique<cache::ArcPolicy>(
        cache::ArcPolicy::Options{.capacity = part, .step_ratio_max = step_ratio_max});
  });
}

Outcome run_fixed_wtinylfu(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards) {
  return simulate<WTinyLfuPolicy>(trace, unit, capacity, shards, [](std::uint64_t part) {
    return std::make_unique<WTinyLfuPolicy>(part, /*climbs=*/false);
  });
}

// The bounds know no shards.
Outcome run_min(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t) {
  return simulate_min(trace, unit, capacity);
}
Outcome run_bound(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t) {
  return unit == Unit::objects ? simulate_min(trace, unit, capacity) : pfoo_l_bound(trace, unit, capacity);
}

// The shards of a server share what they learn.
Outcome run_duel(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards) {
  cache::Steering steering({.capacity = capacity});
  return simulate<cache::DuelPolicy>(
      trace, unit, capacity, shards,
      [&](std::uint64_t part) {
        return std::make_unique<cache::DuelPolicy>(cache::DuelPolicy::Options{.capacity = part, .is_shard = true});
      },
      [&](cache::DuelPolicy& policy) {
        for (const cache::Sample& sample : policy.take_samples()) steering.learn(sample);
        if (policy.plan().version != steering.plan().version) policy.follow(steering.plan());
      });
}

Outcome run_worth(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards) {
  return simulate<cache::WorthPolicy>(trace, unit, capacity, shards, [](std::uint64_t part) {
    return std::make_unique<cache::WorthPolicy>(cache::WorthPolicy::Options{.capacity = part});
  });
}

template <cache::Style style>
Outcome run_style(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards) {
  return simulate<cache::ProbationClock>(trace, unit, capacity, shards, [](std::uint64_t part) {
    return std::make_unique<cache::ProbationClock>(part, style);
  });
}

constexpr NamedPolicy all[] = {
    {"duel", "the default of the server: the style that wins on shadow caches", run_duel},
    {"worth", "object mode of the server: most hits, whatever they weigh", run_worth},
    {"arc", "ARC; in bytes with the capped step of OpenZFS", run_arc},
    {"adaptive", "the first style of duel, fixed: a window as wide as ARC's p", run_style<cache::Style::adaptive>},
    {"probation", "the second: a window of a tenth", run_style<cache::Style::probation>},
    {"contest", "the third: a window of a hundredth, and a contest of frequencies", run_style<cache::Style::contest>},
    {"hold", "the fourth: the same, but what is in stays", run_style<cache::Style::hold>},
    {"lru", "least recently used", run<LruPolicy>},
    {"fifo", "first in, first out", run<FifoPolicy>},
    {"lfu", "least frequently used while resident", run<LfuPolicy>},
    {"car", "ARC with clocks", run<CarPolicy>},
    {"2q", "full 2Q, a quarter and a half", run<TwoQPolicy>},
    {"lirs", "LIRS, 1 % HIR", run<LirsPolicy>},
    {"s3fifo", "S3-FIFO, a tenth", run<S3FifoPolicy>},
    {"sieve", "SIEVE", run<SievePolicy>},
    {"wtinylfu", "W-TinyLFU with a window that climbs", run<WTinyLfuPolicy>},
    {"wtinylfu-1", "W-TinyLFU with a window of 1 %", run_fixed_wtinylfu},
    {"gdsf", "GreedyDual-Size with frequency", run<GdsfPolicy>},
    {"min", "Belady's MIN, which knows the future", run_min},
    {"bound", "what no policy can exceed: MIN, or PFOO-L in bytes", run_bound},
};

}  // namespace

std::span<const NamedPolicy> policies() { return all; }

const NamedPolicy* policy_named(std::string_view name) {
  for (const NamedPolicy& policy : all)
    if (policy.name == name) return &policy;
  return nullptr;
}

}  // namespace shoal::replay
