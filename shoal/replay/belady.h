#pragma once

#include "shoal/replay/simulate.h"

namespace shoal::replay {

/// Belady's MIN: evicts what is asked for furthest in the future. The most hits any policy can have when every object
/// weighs 1; with sizes only a strong heuristic.
Outcome simulate_min(const Trace& trace, Unit unit, std::uint64_t capacity);

/// No policy with sizes can have more: PFOO-L (Berger, Beckmann & Harchol-Balter, SIGMETRICS '18), which lets every
/// reuse interval have its share of space x time, cheapest first. One bound for objects and another for bytes.
Outcome pfoo_l_bound(const Trace& trace, Unit unit, std::uint64_t capacity);

}  // namespace shoal::replay
