#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shoal/cache/cache_policy.h"

namespace shoal::cache {

struct WorthNode : PolicyNode {
  static constexpr std::size_t aside =
      SIZE_MAX;  ///< Came up as the victim while pinned: in no order until it is unpinned.

  std::uint32_t hits = 0;         ///< And the request that brought it in.
  std::uint32_t ranked_hits = 0;  ///< Of these, how many its rank knows of.
  double worth = 0;               ///< When it was last put into the order.
  std::size_t place = 0;          ///< In the heap, or `aside`.
  std::uint64_t order = 0;        ///< Older first among equals.
};

/// Object mode: as many hits as possible, whatever they weigh, by keeping many small entries instead of few large ones.
/// GreedyDual-Size with frequency (Cherkasova, HPL-98-69R1, 1998), made lazy: a hit adds one to a counter, and an entry
/// is worth its new rank only when it comes up as the victim. It costs bytes served from memory: an operator chooses it
/// when requests are what is scarce.
class WorthPolicy : public PolicyBudget {
 public:
  using Node = WorthNode;
  using Evict = EvictInto<WorthNode>;
  static constexpr std::string_view name = "worth";

  explicit WorthPolicy(std::uint64_t capacity) : PolicyBudget(capacity) {}
  WorthPolicy(const WorthPolicy&) = delete;  // the heap points at nodes that know their place in it
  WorthPolicy& operator=(const WorthPolicy&) = delete;

  void on_hit(Node& node) {
    if (node.hits < UINT32_MAX) ++node.hits;
  }
  Admission admit(Node& node, Evict evict);
  void remove(Node& node);
  void forget(std::uint64_t) {}
  void unpin(Node& node);
  bool reweigh(Node& node, std::uint32_t weight, Evict evict);
  void resize(std::uint64_t capacity, Evict evict);
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict);
  PolicyStats stats() const;

 private:
  static bool goes_before(const Node& a, const Node& b) {
    return a.worth != b.worth ? a.worth < b.worth : a.order < b.order;
  }
  void enqueue(Node& node);
  void rank(Node& node);
  void rise(Node& node);
  void sink(Node& node);
  void put(std::size_t place, Node& node);
  void take_out(Node& node);
  void evict_one(Evict evict);

  std::vector<Node*> heap_;  // least worth first
  double inflation_ = 0;     // what the last victim was worth
  std::uint64_t next_order_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t refusals_ = 0;
};

static_assert(CachePolicy<WorthPolicy>);

}  // namespace shoal::cache
