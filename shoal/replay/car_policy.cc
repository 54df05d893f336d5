#include "shoal/replay/car_policy.h"

#include <algorithm>

namespace shoal::replay {

using cache::Admission;
using cache::GhostTable;

Admission CarPolicy::before(const Node& node) {
  auto ghost = ghosts_.find(node.hash);
  if (ghost == GhostTable::none) return Admission::cold;
  auto b1_weight = static_cast<double>(ghosts_.weight(b1));
  auto b2_weight = static_cast<double>(ghosts_.weight(b2));
  bool recent = ghosts_.at(ghost).list == b1;
  double step = node.weight * std::max(1.0, recent ? b2_weight / b1_weight : b1_weight / b2_weight);
  p_ = recent ? std::min(p_ + step, static_cast<double>(capacity())) : std::max(p_ - step, 0.0);
  ghosts_.erase(ghost);
  return recent ? Admission::recent_ghost : Admission::frequent_ghost;
}

void CarPolicy::link(Node& node, Admission kind) {
  if (kind == Admission::cold) trim_ghosts(node.weight);
  node.uses = 0;
  node.list = kind == Admission::cold ? t1 : t2;
  list_of(node).push_newest(node);
}

CarPolicy::Node* CarPolicy::victim() {
  while (true) {
    bool from_recent = static_cast<double>(recent_.weight()) >= std::max(1.0, p_);
    Node* node = oldest_evictable(from_recent ? recent_ : frequent_);
    if (node == nullptr) node = oldest_evictable(from_recent ? frequent_ : recent_);
    if (node == nullptr || node->uses == 0) return node;
    node->uses = 0;
    list_of(*node).unlink(*node);
    node->list = t2;
    frequent_.push_newest(*node);
  }
}

void CarPolicy::trim_ghosts(std::uint64_t coming) {
  while (ghosts_.count(b1) > 0 && recent_.weight() + ghosts_.weight(b1) + coming > capacity()) ghosts_.pop_oldest(b1);
  auto total = [&] { return weight() + ghosts_.weight(b1) + ghosts_.weight(b2) + coming; };
  while (ghosts_.count(b2) > 0 && total() > 2 * capacity()) ghosts_.pop_oldest(b2);
  while (ghosts_.count(b1) > 0 && total() > 2 * capacity()) ghosts_.pop_oldest(b1);
}

cache::PolicyStats CarPolicy::stats() const {
  cache::PolicyStats stats = base_stats();
  stats.lists[0] = {"T1", false, recent_.count(), recent_.weight()};
  stats.lists[1] = {"T2", false, frequent_.count(), frequent_.weight()};
  stats.lists[2] = {"B1", true, ghosts_.count(b1), ghosts_.weight(b1)};
  stats.lists[3] = {"B2", true, ghosts_.count(b2), ghosts_.weight(b2)};
  stats.target = p_;
  stats.memory_bytes = ghosts_.memory_bytes();
  return stats;
}

}  // namespace shoal::replay
