#include "shoal/replay/wtinylfu_policy.h"

#include <algorithm>
#include <cmath>

namespace shoal::replay {
namespace {

constexpr double protected_share = 0.8;  // of what is not the window
constexpr double step_start = 0.0625;    // of the capacity
constexpr double step_decay = 0.98;
constexpr double restart_threshold = 0.05;  // a change of the hit ratio that says the workload is another one

}  // namespace

WTinyLfuPolicy::WTinyLfuPolicy(std::uint64_t capacity, bool climbs)
    : Baseline(capacity), climbs_(climbs), window_max_(window_share_ * static_cast<double>(capacity)) {}

void WTinyLfuPolicy::move_to(Node& node, std::uint8_t list) {
  list_of(node).unlink(node);
  node.list = list;
  list_of(node).push_newest(node);
}

void WTinyLfuPolicy::on_hit(Node& node) {
  request_seen(node.hash, true);
  if (node.list != probation) {
    list_of(node).move_to_newest(node);
    return;
  }
  move_to(node, protect);
  double limit = protected_share * (static_cast<double>(capacity()) - window_max_);
  while (static_cast<double>(protected_.weight()) > limit && protected_.count() > 1)
    move_to(*protected_.oldest(), probation);
}

cache::Admission WTinyLfuPolicy::before(const Node& node) {
  request_seen(node.hash, false);
  return cache::Admission::cold;
}

void WTinyLfuPolicy::link(Node& node, cache::Admission) {
  node.list = window;
  window_.push_newest(node);
  sketch_.ensure(count() + 1);
  // While there is room, what overflows the window goes on without a contest.
  while (static_cast<double>(window_.weight()) > std::max(window_max_, 1.0) && window_.count() > 1 &&
         weight() + node.weight < capacity())
    move_to(*window_.oldest(), probation);
}

// The oldest of the window against the oldest on probation: the one asked for less often goes, the other is on
// probation.
WTinyLfuPolicy::Node* WTinyLfuPolicy::victim() {
  while (true) {
    Node* incumbent = oldest_evictable(probation_);
    if (incumbent == nullptr) incumbent = oldest_evictable(protected_);
    bool contest = static_cast<double>(window_.weight()) >= std::max(window_max_, 1.0) || incumbent == nullptr;
    Node* candidate = contest ? oldest_evictable(window_) : nullptr;
    if (candidate == nullptr) return incumbent != nullptr ? incumbent : oldest_evictable(window_);
    if (incumbent == nullptr) return candidate;
    if (sketch_.estimate(candidate->hash) <= sketch_.estimate(incumbent->hash)) return candidate;
    move_to(*candidate, probation);
    return incumbent;
  }
}

void WTinyLfuPolicy::request_seen(std::uint64_t hash, bool hit) {
  sketch_.increment(hash);
  if (!climbs_) return;
  sample_hits_ += hit ? 1 : 0;
  if (++sample_requests_ >= 10 * std::max<std::uint64_t>(count(), 16)) climb();
}

void WTinyLfuPolicy::climb() {
  double ratio = static_cast<double>(sample_hits_) / static_cast<double>(sample_requests_);
  double change = ratio - previous_ratio_;
  double amount = change >= 0 ? step_ : -step_;
  step_ = std::abs(change) >= restart_threshold ? std::copysign(step_start, amount) : amount * step_decay;
  previous_ratio_ = ratio;
  sample_requests_ = sample_hits_ = 0;
  window_share_ = std::clamp(window_share_ + amount, 0.0, protected_share);
  resized();
}

cache::PolicyStats WTinyLfuPolicy::stats() const {
  cache::PolicyStats stats = base_stats();
  stats.lists[0] = {"window", false, window_.count(), window_.weight()};
  stats.lists[1] = {"probation", false, probation_.count(), probation_.weight()};
  stats.lists[2] = {"protected", false, protected_.count(), protected_.weight()};
  stats.target = window_max_;
  stats.memory_bytes = sketch_.memory_bytes();
  return stats;
}

}  // namespace shoal::replay
