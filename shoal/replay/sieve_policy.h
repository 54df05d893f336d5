#pragma once

#include "shoal/replay/baseline.h"

namespace shoal::replay {

/// SIEVE (Zhang et al., NSDI '24): a FIFO whose hand moves from old to new, clears the mark of used entries and evicts
/// the first without one; what is spared stays where it is.
class SievePolicy : public Baseline<SievePolicy> {
 public:
  using Baseline::Baseline;

  void on_hit(Node& node) { node.uses = 1; }
  void link(Node& node, cache::Admission) {
    node.list = 1;
    node.uses = 0;
    list_.push_newest(node);
  }
  void unlink(Node& node) {
    if (hand_ == &node) hand_ = node.newer;
    list_.unlink(node);
  }
  Node* victim() {
    Node* node = hand_ != nullptr ? hand_ : list_.oldest();
    while (node->uses != 0 || node->pinned) {
      node->uses = 0;
      node = node->newer != nullptr ? node->newer : list_.oldest();
    }
    hand_ = node;  // unlink() moves it on
    return node;
  }
  cache::PolicyStats stats() const {
    cache::PolicyStats stats = base_stats();
    stats.lists[0] = {"all", false, list_.count(), list_.weight()};
    return stats;
  }

 private:
  cache::NodeList list_;
  Node* hand_ = nullptr;  // null: the oldest
};

}  // namespace shoal::replay
