#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "shoal/cache/cache_policy.h"
#include "shoal/cache/ghost_table.h"
#include "shoal/cache/policy_snapshot.h"

namespace shoal::cache {

/// ARC (Megiddo & Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST '03; IEEE Computer 37(4), 2004).
///
/// With every weight 1 and no pin, removal or resize it is the textbook algorithm, decision for decision. Otherwise:
/// - An entry evicts as many as it needs. A ghost hit moves p by the weight of the entry times the ratio of the ghost
/// lists,
///   which OpenZFS (arc.c) caps at 10: `step_ratio_max`.
/// - A pinned entry is passed over and goes to the newest end of its list: what is being read is recently used.
/// - remove() leaves no ghost and p alone. reweigh() keeps list and position. resize() scales p with the capacity.
/// - Ghosts: T1 + B1 <= capacity and all four lists <= 2 x capacity, in weight, after each admission.
class ArcPolicy : public PolicyBudget {
 public:
  using Node = PolicyNode;
  using Evict = EvictInto<PolicyNode>;
  static constexpr std::string_view name = "arc";
  static constexpr double unlimited = std::numeric_limits<double>::infinity();

  struct Options {
    std::uint64_t capacity = 0;
    double step_ratio_max = unlimited;  ///< 10 for weights in bytes
  };

  explicit ArcPolicy(Options options) : PolicyBudget(options.capacity), step_ratio_max_(options.step_ratio_max) {}
  ArcPolicy(const ArcPolicy&) = delete;  // nodes are linked into its lists
  ArcPolicy& operator=(const ArcPolicy&) = delete;

  void on_hit(Node& node);
  Admission admit(Node& node, Evict evict);
  void remove(Node& node);
  void forget(std::uint64_t hash) { ghosts_.forget(hash); }
  bool reweigh(Node& node, std::uint32_t weight, Evict evict);
  void resize(std::uint64_t capacity, Evict evict);
  std::uint64_t reclaim(std::uint64_t weight, Evict evict);
  bool visit_tails(std::uint64_t weight_max, VisitTail visit) const {
    return visit_oldest(recent_, weight_max, visit) && visit_oldest(frequent_, weight_max, visit);
  }
  PolicyStats stats() const;
  std::uint64_t memory_bytes() const { return ghosts_.memory_bytes(); }

  /// The part of the capacity meant for entries used once (p of the paper), in weight.
  double target() const { return p_; }
  /// "T1" or "T2".
  static std::string_view list_name(const Node& node) { return node.list == t1 ? "T1" : node.list == t2 ? "T2" : "-"; }

  PolicySnapshot snapshot() const;
  /// Takes over a saved order; only while empty. What does not fit the capacity becomes a ghost.
  void restore(const PolicySnapshot& snapshot, NodeFor node_for);

 private:
  static constexpr std::uint8_t t1 = recent_list, t2 = frequent_list;  // PolicyNode::list
  static constexpr int b1 = 0, b2 = 1;                                 // lists of ghosts_

  NodeList& list_of(const Node& node) { return node.list == t1 ? recent_ : frequent_; }
  void adapt(int ghost_list, std::uint32_t weight);
  void replace(bool frequent_ghost_hit, Evict evict);
  void evict_to(int ghost_list, Node& node, Evict evict);
  void drop(Node& node, Evict evict);
  void trim_recent_ghosts(std::uint64_t coming);
  void trim_ghosts(std::uint64_t coming);

  NodeList recent_;    // T1: used once since they came in
  NodeList frequent_;  // T2: used at least twice
  GhostTable ghosts_{2};
  double p_ = 0;
  double step_ratio_max_;
  std::uint64_t recent_ghost_hits_ = 0;
  std::uint64_t frequent_ghost_hits_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t refusals_ = 0;
};

static_assert(CachePolicy<ArcPolicy>);

}  // namespace shoal::cache
