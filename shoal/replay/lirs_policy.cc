#include "shoal/replay/lirs_policy.h"

#include <algorithm>

namespace shoal::replay {

struct LirsNode::Seen {
  LirsNode* node = nullptr;  // null: it left, and this is its ghost
  std::uint64_t hash = 0;
  std::uint32_t weight = 0;
  std::list<Seen>::iterator here;
  std::list<std::list<Seen>::iterator>::iterator ghost;
};

LirsPolicy::LirsPolicy(std::uint64_t capacity) : Baseline(capacity) {}
LirsPolicy::~LirsPolicy() = default;

std::uint64_t LirsPolicy::lir_max() const { return capacity() - std::max<std::uint64_t>(1, capacity() / 100); }

LirsPolicy::Seen* LirsPolicy::push_seen(Node* node, std::uint64_t hash, std::uint32_t weight) {
  stack_.push_front({.node = node, .hash = hash, .weight = weight, .here = {}, .ghost = {}});
  stack_.front().here = stack_.begin();
  return &stack_.front();
}

void LirsPolicy::erase_seen(Seen* seen) {
  if (seen->node != nullptr) {
    seen->node->seen = nullptr;
  } else {
    ghost_of_.erase(seen->hash);
    ghost_weight_ -= seen->weight;
    ghosts_.erase(seen->ghost);
  }
  stack_.erase(seen->here);
}

// The bottom of the stack is a LIR entry: whatever is below the last one can no longer become one.
void LirsPolicy::prune() {
  while (!stack_.empty() && (stack_.back().node == nullptr || stack_.back().node->list == hir))
    erase_seen(&stack_.back());
}

void LirsPolicy::make_lir(Node& node) {
  node.list = lir;
  lirs_.push_newest(node);
}

void LirsPolicy::demote_oldest_lir() {
  prune();
  if (stack_.empty()) return;
  Node& oldest = *stack_.back().node;
  erase_seen(&stack_.back());
  lirs_.unlink(oldest);
  oldest.list = hir;
  hirs_.push_newest(oldest);
  prune();
}

void LirsPolicy::on_hit(Node& node) {
  bool was_seen = node.seen != nullptr;
  if (was_seen) {
    stack_.splice(stack_.begin(), stack_, node.seen->here);
  } else {
    node.seen = push_seen(&node, node.hash, node.weight);
  }
  if (node.list == lir) {
    prune();
  } else if (was_seen) {
    hirs_.unlink(node);
    make_lir(node);
    while (lirs_.weight() > lir_max() && lirs_.count() > 1) demote_oldest_lir();
    prune();
  } else {
    hirs_.move_to_newest(node);
  }
}

cache::Admission LirsPolicy::before(const Node& node) {
  auto ghost = ghost_of_.find(node.hash);
  if (ghost == ghost_of_.end()) return cache::Admission::cold;
  erase_seen(ghost->second);
  return cache::Admission::recent_ghost;
}

void LirsPolicy::link(Node& node, cache::Admission kind) {
  node.seen = push_seen(&node, node.hash, node.weight);
  if (kind == cache::Admission::recent_ghost || lirs_.weight() + node.weight <= lir_max()) {
    make_lir(node);
    while (lirs_.weight() > lir_max() && lirs_.count() > 1) demote_oldest_lir();
  } else {
    node.list = hir;
    hirs_.push_newest(node);
  }
}

void LirsPolicy::unlink(Node& node) {
  (node.list == lir ? lirs_ : hirs_).unlink(node);
  if (node.seen != nullptr) erase_seen(node.seen);
  prune();
}

LirsPolicy::Node* LirsPolicy::victim() {
  while (hirs_.empty() && lirs_.count() > 0) demote_oldest_lir();
  if (auto* node = oldest_evictable(hirs_)) return static_cast<Node*>(node);
  return static_cast<Node*>(oldest_evictable(lirs_));
}

// Keeps the place in the stack; unlink() then finds none to erase.
void LirsPolicy::remember(const Node& node) {
  if (node.seen == nullptr || node.list == lir) return;
  Seen* seen = node.seen;
  seen->node->seen = nullptr;
  seen->node = nullptr;
  ghosts_.push_front(seen->here);
  seen->ghost = ghosts_.begin();
  ghost_of_[seen->hash] = seen;
  ghost_weight_ += seen->weight;
}

void LirsPolicy::forget(std::uint64_t hash) {
  if (auto ghost = ghost_of_.find(hash); ghost != ghost_of_.end()) erase_seen(ghost->second);
}

void LirsPolicy::settle() {
  while (ghost_weight_ > 2 * capacity()) erase_seen(&*ghosts_.back());
}

cache::PolicyStats LirsPolicy::stats() const {
  cache::PolicyStats stats = base_stats();
  stats.lists[0] = {"LIR", false, lirs_.count(), lirs_.weight()};
  stats.lists[1] = {"HIR", false, hirs_.count(), hirs_.weight()};
  stats.lists[2] = {"seen", true, ghosts_.size(), ghost_weight_};
  return stats;
}

}  // namespace shoal::replay
