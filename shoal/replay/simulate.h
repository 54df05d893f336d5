#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "shoal/cache/cache_policy.h"
#include "shoal/replay/trace.h"

namespace shoal::replay {

/// What came of one run over a trace.
struct Outcome {
  std::uint64_t requests = 0;
  std::uint64_t hits = 0;
  std::uint64_t requested_bytes = 0;
  std::uint64_t hit_bytes = 0;
  std::uint64_t weight_max = 0;  ///< Largest sum of resident weights seen.

  double object_hit_ratio() const {
    return requests == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(requests);
  }
  double byte_hit_ratio() const {
    return requested_bytes == 0 ? 0 : static_cast<double>(hit_bytes) / static_cast<double>(requested_bytes);
  }
};

/// Runs a trace through `shards` policies, each with its part of the capacity, as the cores of a server do: a key
/// belongs to one shard by the high bits of its hash. `make(capacity)` returns a std::unique_ptr<P>. Starts cold; every
/// request reads through the cache; what is refused is a miss.
/// `after(policy)` is called when a policy had a request.
template <cache::CachePolicy P, typename Make, typename After>
Outcome simulate(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards, Make make, After after) {
  std::vector<std::unique_ptr<P>> policies;
  for (std::uint32_t i = 0; i < shards; ++i)
    policies.push_back(make(capacity * (i + 1) / shards - capacity * i / shards));
  std::vector<typename P::Node> nodes(trace.object_count());
  for (std::uint32_t object = 0; object < nodes.size(); ++object) {
    nodes[object].hash = trace.hashes[object];
    nodes[object].weight = trace.weight(object, unit);
  }
  Outcome outcome;
  auto keep_nothing = [](typename P::Node&) {};
  for (std::uint32_t object : trace.requests) {
    auto& node = nodes[object];
    P& policy = *policies[shards == 1 ? 0 : ((node.hash >> 32) * shards) >> 32];
    outcome.requested_bytes += trace.sizes[object];
    if (node.resident()) {
      ++outcome.hits;
      outcome.hit_bytes += trace.sizes[object];
      policy.on_hit(node);
    } else {
      policy.admit(node, keep_nothing);
      if (shards == 1) outcome.weight_max = std::max(outcome.weight_max, policy.weight());
    }
    after(policy);
  }
  outcome.requests = trace.requests.size();
  return outcome;
}

template <cache::CachePolicy P, typename Make>
Outcome simulate(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards, Make make) {
  return simulate<P>(trace, unit, capacity, shards, make, [](P&) {});
}

}  // namespace shoal::replay
