#pragma once

#include "shoal/replay/baseline.h"

namespace shoal::replay {

/// 2Q, the full version (Johnson & Shasha, VLDB '94): new keys pass through a FIFO of a quarter of the capacity (A1in),
/// what leaves it is remembered for half a capacity (A1out), and only keys asked for again while remembered enter the
/// LRU (Am).
class TwoQPolicy : public Baseline<TwoQPolicy> {
 public:
  using Baseline::Baseline;

  void on_hit(Node& node) {
    if (node.list == am) frequent_.move_to_newest(node);
  }
  cache::Admission before(const Node& node) {
    return ghosts_.forget(node.hash) ? cache::Admission::recent_ghost : cache::Admission::cold;
  }
  void link(Node& node, cache::Admission kind) {
    node.list = kind == cache::Admission::cold ? a1in : am;
    list_of(node).push_newest(node);
  }
  void unlink(Node& node) { list_of(node).unlink(node); }
  Node* victim() {
    bool from_in = in_.weight() > capacity() / 4 || frequent_.empty();
    Node* node = oldest_evictable(from_in ? in_ : frequent_);
    return node != nullptr ? node : oldest_evictable(from_in ? frequent_ : in_);
  }
  void remember(const Node& node) {
    if (node.list == a1in) ghosts_.push_newest(0, node.hash, node.weight);
  }
  void forget(std::uint64_t hash) { ghosts_.forget(hash); }
  void settle() {
    while (ghosts_.weight(0) > capacity() / 2) ghosts_.pop_oldest(0);
  }
  cache::PolicyStats stats() const {
    cache::PolicyStats stats = base_stats();
    stats.lists[0] = {"A1in", false, in_.count(), in_.weight()};
    stats.lists[1] = {"Am", false, frequent_.count(), frequent_.weight()};
    stats.lists[2] = {"A1out", true, ghosts_.count(), ghosts_.weight(0)};
    stats.memory_bytes = ghosts_.memory_bytes();
    return stats;
  }

 private:
  static constexpr std::uint8_t a1in = 1, am = 2;
  cache::NodeList& list_of(const Node& node) { return node.list == a1in ? in_ : frequent_; }

  cache::NodeList in_;
  cache::NodeList frequent_;
  cache::GhostTable ghosts_{1};
};

}  // namespace shoal::replay
