#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "shoal/cache/probation_clock.h"
#include "shoal/cache/steering.h"

namespace shoal::cache {

/// The default of the server (docs/CACHE.md): for each group of traffic a ProbationClock with its part of the capacity,
/// in the style that wins on small shadow caches fed with a sample of the same requests. A Steering finds the groups,
/// the styles and the parts; most traffic is one group.
///
/// A policy has a Steering of its own, or is one shard of a cache that shares one: then it gathers samples, which
/// somebody takes to the Steering from time to time, and follows the plan that comes back.
///
/// Byte mode is a budget in bytes, count mode one of weight 1. Ghosts, pins, versions and resizes are those of
/// ProbationClock.
class DuelPolicy {
 public:
  using Node = PolicyNode;
  using Evict = EvictInto<PolicyNode>;
  /// A hash of where the key of a node belongs, its bucket and prefix; 0: nothing is known.
  using OriginOf = std::function<std::uint64_t(const PolicyNode&)>;
  static constexpr std::string_view name = "duel";

  struct Options {
    std::uint64_t capacity = 0;
    std::uint64_t shadow_entries_max = 4096;  ///< As of Steering.
    StyleJudge::Options judging = {};
    OriginOf origin_of = {};  ///< None: all is one group.
    bool is_shard = false;    ///< Of a cache whose Steering somebody else has.
  };

  /// How many entries the shadows of a cache of so many bytes may have, so that they take a few percent of it at most.
  static std::uint64_t shadow_entries_for_bytes(std::uint64_t capacity);

  explicit DuelPolicy(Options options);
  DuelPolicy(const DuelPolicy&) = delete;  // nodes are linked into its lists
  DuelPolicy& operator=(const DuelPolicy&) = delete;

  void on_hit(Node& node) {
    clock_of(node).on_hit(node);
    if (plan_.samples(node.hash) && !is_hit_enough()) learn_hit(node);
  }
  Admission admit(Node& node, Evict evict);
  void remove(Node& node) { clock_of(node).remove(node); }
  void forget(std::uint64_t hash);
  bool reweigh(Node& node, std::uint32_t weight, Evict evict) { return clock_of(node).reweigh(node, weight, evict); }
  void pin(Node& node) { clock_of(node).pin(node); }
  void unpin(Node& node) { clock_of(node).unpin(node); }
  void resize(std::uint64_t capacity, Evict evict);
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict);
  bool visit_tails(std::uint64_t weight_max, VisitTail visit) const {
    return std::ranges::all_of(clocks_, [&](const auto& clock) { return clock->visit_tails(weight_max, visit); });
  }
  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t weight() const { return sum(&ProbationClock::weight); }
  std::uint64_t pinned_weight() const { return sum(&ProbationClock::pinned_weight); }
  std::uint64_t count() const { return sum(&ProbationClock::count); }
  std::uint64_t memory_bytes() const;
  PolicyStats stats() const;

  /// Of a shard: what was gathered since it was last asked.
  std::vector<Sample> take_samples();
  /// Of a shard: from now on it does as the plan says.
  void follow(const SteeringPlan& plan);

  /// What it does now, for each group.
  const SteeringPlan& plan() const { return plan_; }
  Style style() const { return plan_.groups[0].style; }
  /// "window" or "main", and whether that of a group of its own.
  static std::string_view list_name(const Node& node);

  PolicySnapshot snapshot() const;
  /// All comes into group 0: the groups form again.
  void restore(const PolicySnapshot& snapshot, NodeFor node_for) { clocks_[0]->restore(snapshot, node_for); }

 private:
  /// For each entry that it holds.
  static constexpr std::uint64_t hits_enough = 16;

  ProbationClock& clock_of(const Node& node) { return *clocks_[node.group]; }
  std::uint64_t origin_of(const Node& node) const { return options_.origin_of ? options_.origin_of(node) : 0; }
  /// Of a shard: while half of it is free, no style has to do without anything, so that after some hits further ones
  /// say nothing of them. What comes in is learnt always: the shadows hold what the shard holds when it becomes full.
  bool is_hit_enough() const {
    return steering_ == nullptr && hits_learnt_ >= hits_enough * count() && 2 * weight() < capacity_;
  }
  void learn_hit(const Node& node) {
    ++hits_learnt_;
    learn({node.hash, origin_of(node), node.weight});
  }
  template <typename Member>
  std::uint64_t sum(Member member) const {
    std::uint64_t total = 0;
    for (const auto& clock : clocks_) total += (*clock.*member)();
    return total;
  }
  void learn(const Sample& sample);
  void divide_capacity(Evict evict);

  Options options_;
  std::uint64_t capacity_;
  std::vector<std::unique_ptr<ProbationClock>> clocks_;  // by the number of the group
  std::unique_ptr<Steering> steering_;                   // null if another one has it
  SteeringPlan plan_;
  bool capacity_divided_ = true;  // as the plan says
  std::vector<Sample> samples_;   // not taken yet; beyond its capacity requests go unseen
  std::uint64_t hits_learnt_ = 0;
  std::uint64_t refusals_ = 0;  // without asking a clock
};

static_assert(CachePolicy<DuelPolicy>);

}  // namespace shoal::cache
