#pragma once

#include <set>

#include "shoal/replay/baseline.h"

namespace shoal::replay {

struct GdsfNode : cache::PolicyNode {
  double priority = 0;
  std::uint64_t frequency = 0;
  std::uint64_t order = 0;
};

/// GreedyDual-Size with frequency (Cherkasova, HPL-98-69R1, 1998), every miss costing 1: an entry is worth the
/// inflation when it was last used plus frequency / weight; the least worth goes, and the inflation becomes what it was
/// worth.
class GdsfPolicy : public Baseline<GdsfPolicy, GdsfNode> {
 public:
  using Baseline::Baseline;

  void on_hit(Node& node) {
    unlink(node);
    ++node.frequency;
    enqueue(node);
  }
  void link(Node& node, cache::Admission) {
    node.list = 1;
    node.frequency = 1;
    enqueue(node);
  }
  void unlink(Node& node) { queue_.erase(&node); }
  Node* victim() {
    for (Node* node : queue_) {
      if (node->pinned) continue;
      inflation_ = node->priority;
      return node;
    }
    return nullptr;
  }
  cache::PolicyStats stats() const {
    cache::PolicyStats stats = base_stats();
    stats.lists[0] = {"all", false, count(), weight()};
    stats.target = inflation_;
    return stats;
  }

 private:
  struct WorthLess {
    bool operator()(const Node* a, const Node* b) const {
      return a->priority != b->priority ? a->priority < b->priority : a->order < b->order;
    }
  };
  void enqueue(Node& node) {
    node.priority = inflation_ + static_cast<double>(node.frequency) / node.weight;
    node.order = next_order_++;
    queue_.insert(&node);
  }

  std::set<Node*, WorthLess> queue_;
  double inflation_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace shoal::replay
