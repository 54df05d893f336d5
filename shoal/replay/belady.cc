#include "shoal/replay/belady.h"

#include <algorithm>
#include <queue>

namespace shoal::replay {
namespace {

constexpr std::uint32_t never = UINT32_MAX;

// For each request, when its object is asked for next.
std::vector<std::uint32_t> next_requests(const Trace& trace) {
  std::vector<std::uint32_t> next(trace.requests.size());
  std::vector<std::uint32_t> coming(trace.object_count(), never);
  for (std::size_t i = trace.requests.size(); i-- > 0;) {
    next[i] = coming[trace.requests[i]];
    coming[trace.requests[i]] = static_cast<std::uint32_t>(i);
  }
  return next;
}

Outcome requested(const Trace& trace) {
  Outcome outcome;
  outcome.requests = trace.requests.size();
  for (std::uint32_t object : trace.requests) outcome.requested_bytes += trace.sizes[object];
  return outcome;
}

}  // namespace

Outcome simulate_min(const Trace& trace, Unit unit, std::uint64_t capacity) {
  Outcome outcome = requested(trace);
  std::vector<std::uint32_t> next = next_requests(trace);
  // Resident objects with when they are needed; entries of earlier requests stay in the heap and are skipped.
  std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> furthest;
  std::vector<std::uint32_t> needed_at(trace.object_count());
  std::vector<bool> resident(trace.object_count());
  std::uint64_t weight = 0;
  for (std::size_t i = 0; i < trace.requests.size(); ++i) {
    std::uint32_t object = trace.requests[i];
    std::uint32_t object_weight = trace.weight(object, unit);
    if (resident[object]) {
      ++outcome.hits;
      outcome.hit_bytes += trace.sizes[object];
    } else if (object_weight > capacity) {
      continue;
    } else {
      while (weight + object_weight > capacity) {
        auto [when, victim] = furthest.top();
        furthest.pop();
        if (!resident[victim] || needed_at[victim] != when) continue;
        resident[victim] = false;
        weight -= trace.weight(victim, unit);
      }
      resident[object] = true;
      weight += object_weight;
    }
    outcome.weight_max = std::max(outcome.weight_max, weight);
    needed_at[object] = next[i];
    furthest.emplace(next[i], object);
  }
  return outcome;
}

Outcome pfoo_l_bound(const Trace& trace, Unit unit, std::uint64_t capacity) {
  struct Interval {
    std::uint64_t length;  // requests from a use to the next
    std::uint64_t weight;
    std::uint64_t bytes;
  };
  std::vector<std::uint32_t> next = next_requests(trace);
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < next.size(); ++i) {
    std::uint32_t object = trace.requests[i];
    if (next[i] == never || trace.weight(object, unit) > capacity) continue;
    intervals.push_back({next[i] - i, trace.weight(object, unit), trace.sizes[object]});
  }
  double space_time = static_cast<double>(capacity) * static_cast<double>(trace.requests.size());
  Outcome outcome = requested(trace);
  // A hit is worth 1 for the ratio of objects and its bytes for the ratio of bytes: two orders, two bounds.
  auto cost = [](const Interval& interval) { return interval.length * interval.weight; };
  std::sort(intervals.begin(), intervals.end(), [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
  double left = space_time;
  for (const Interval& interval : intervals) {
    left -= static_cast<double>(cost(interval));
    if (left < 0) break;
    ++outcome.hits;
  }
  std::sort(intervals.begin(), intervals.end(), [&](const Interval& a, const Interval& b) {
    return cost(a) * static_cast<double>(b.bytes) < cost(b) * static_cast<double>(a.bytes);
  });
  left = space_time;
  for (const Interval& interval : intervals) {
    left -= static_cast<double>(cost(interval));
    if (left < 0) break;
    outcome.hit_bytes += interval.bytes;
  }
  return outcome;
}

}  // namespace shoal::replay
