#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shoal/cache/cache_policy.h"
#include "shoal/cache/policy_snapshot.h"

namespace shoal::cache {

/// Object mode: as many hits as possible, whatever they weigh, by keeping many small entries instead of few large ones.
/// GreedyDual-Size with frequency (Cherkasova, HPL-98-69R1, 1998), made lazy: a hit adds one to a counter, and an entry
/// is worth its new rank only when it comes up as the victim. It costs bytes served from memory: an operator chooses it
/// when requests are what is scarce.
class WorthPolicy : public PolicyBudget {
 public:
  using Node = PolicyNode;
  using Evict = EvictInto<PolicyNode>;
  static constexpr std::string_view name = "worth";

  struct Options {
    std::uint64_t capacity = 0;
  };

  explicit WorthPolicy(Options options) : PolicyBudget(options.capacity) {}
  WorthPolicy(const WorthPolicy&) = delete;  // the heap points at nodes that know their place in it
  WorthPolicy& operator=(const WorthPolicy&) = delete;

  // `uses` and `seen` are the low and the high byte of how often a node was hit; `era` says whether since it was
  // ranked.
  void on_hit(Node& node) {
    node.era = 1;
    if (node.uses == UINT8_MAX && node.seen == UINT8_MAX) return;
    if (++node.uses == 0) ++node.seen;
  }
  Admission admit(Node& node, Evict evict);
  void remove(Node& node);
  void forget(std::uint64_t) {}
  void unpin(Node& node);
  bool reweigh(Node& node, std::uint32_t weight, Evict evict);
  void resize(std::uint64_t capacity, Evict evict);
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict);
  bool visit_tails(std::uint64_t weight_max, VisitTail visit) const;
  PolicyStats stats() const;
  std::uint64_t memory_bytes() const { return heap_.capacity() * sizeof(Place); }

  /// "by worth".
  static std::string_view list_name(const Node& node) { return node.resident() ? "by worth" : "-"; }

  /// Best first.
  PolicySnapshot snapshot() const;
  /// Takes over a saved order, also that of another policy; only while empty. What does not fit the capacity is
  /// forgotten, and how old the rest was.
  void restore(const PolicySnapshot& snapshot, NodeFor node_for);

 private:
  struct Place {
    double worth;  // when it was put there
    Node* node;
  };

  static constexpr std::uint64_t aside = UINT64_MAX;  // Node::place of one that came up as the victim while pinned

  static double hits_of(const Node& node) { return node.uses + 256.0 * node.seen; }
  static bool goes_before(const Place& a, const Place& b) {
    return a.worth != b.worth ? a.worth < b.worth : a.node->order < b.node->order;  // the older first among equals
  }
  void enqueue(Node& node);
  double rank(Node& node);
  void rise(std::uint64_t at);
  void sink(std::uint64_t at);
  void put(std::uint64_t at, Place place);
  void take_out(Node& node);
  void evict_one(Evict evict);

  std::vector<Place> heap_;  // least worth first
  double inflation_ = 0;     // what the last victim was worth
  std::uint64_t next_order_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t refusals_ = 0;
};

static_assert(CachePolicy<WorthPolicy>);

}  // namespace shoal::cache
