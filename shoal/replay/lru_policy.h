#pragma once

#include "shoal/replay/baseline.h"

namespace shoal::replay {

/// One list: the oldest goes. LRU moves an entry to the newest end when it is used, FIFO does not.
template <bool moves_on_hit>
class OneListPolicy : public Baseline<OneListPolicy<moves_on_hit>> {
 public:
  using Base = Baseline<OneListPolicy<moves_on_hit>>;
  using Node = typename Base::Node;
  using Base::Base;

  void on_hit(Node& node) {
    if constexpr (moves_on_hit) list_.move_to_newest(node);
  }
  void link(Node& node, cache::Admission) {
    node.list = 1;
    list_.push_newest(node);
  }
  void unlink(Node& node) { list_.unlink(node); }
  Node* victim() { return oldest_evictable(list_); }
  cache::PolicyStats stats() const {
    cache::PolicyStats stats = this->base_stats();
    stats.lists[0] = {"all", false, list_.count(), list_.weight()};
    return stats;
  }

 private:
  cache::NodeList list_;
};

using LruPolicy = OneListPolicy<true>;
using FifoPolicy = OneListPolicy<false>;

}  // namespace shoal::replay
