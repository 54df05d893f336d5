#pragma once

#include <map>

#include "shoal/replay/baseline.h"

namespace shoal::replay {

struct LfuNode : cache::PolicyNode {
  std::uint64_t frequency = 0;
};

/// Least frequently used while resident; among equals the one that came to that frequency first. Nothing ages.
class LfuPolicy : public Baseline<LfuPolicy, LfuNode> {
 public:
  using Baseline::Baseline;

  void on_hit(Node& node) {
    unlink(node);
    ++node.frequency;
    lists_[node.frequency].push_newest(node);
  }
  void link(Node& node, cache::Admission) {
    node.list = 1;
    node.frequency = 1;
    lists_[1].push_newest(node);
  }
  void unlink(Node& node) {
    auto list = lists_.find(node.frequency);
    list->second.unlink(node);
    if (list->second.empty()) lists_.erase(list);
  }
  Node* victim() {
    for (auto& [frequency, list] : lists_)
      if (auto* node = oldest_evictable(list)) return static_cast<Node*>(node);
    return nullptr;
  }
  cache::PolicyStats stats() const {
    cache::PolicyStats stats = base_stats();
    stats.lists[0] = {"all", false, count(), weight()};
    return stats;
  }

 private:
  std::map<std::uint64_t, cache::NodeList> lists_;  // by frequency
};

}  // namespace shoal::replay
