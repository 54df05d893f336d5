#include "shoal/loadgen/load_stats.h"

namespace shoal::loadgen {
namespace {

constexpr std::size_t trouble_kinds_max = 20;

}  // namespace

void LoadStats::add_trouble(const std::string& what) {
  if (auto known = troubles.find(what); known != troubles.end()) {
    ++known->second;
  } else if (troubles.size() < trouble_kinds_max) {
    troubles.emplace(what, 1);
  }
}

void LoadStats::merge(const LoadStats& other) {
  for (OperationKind kind : operation_kinds) {
    OperationStats& sum = of(kind);
    const OperationStats& added = other.of(kind);
    sum.latency.merge(added.latency);
    sum.bytes += added.bytes;
    sum.errors += added.errors;
    sum.wrong += added.wrong;
  }
  reconnects += other.reconnects;
  for (const auto& [what, count] : other.troubles) {
    if (troubles.contains(what) || troubles.size() < trouble_kinds_max) troubles[what] += count;
  }
  cpu += other.cpu;
  requests_made += other.requests_made;
}

std::uint64_t LoadStats::errors() const {
  std::uint64_t sum = 0;
  for (const OperationStats& stats : operations) sum += stats.errors;
  return sum;
}

std::uint64_t LoadStats::wrong() const {
  std::uint64_t sum = 0;
  for (const OperationStats& stats : operations) sum += stats.wrong;
  return sum;
}

}  // namespace shoal::loadgen
