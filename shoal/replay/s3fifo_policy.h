#pragma once

#include "shoal/replay/baseline.h"

namespace shoal::replay {

/// S3-FIFO (Yang et al., SOSP '23): a small FIFO of a tenth of the capacity, a main FIFO with second chances counted to
/// 3, and ghosts of nine tenths. An entry moves from small to main when it was used twice; a key with a ghost starts in
/// main.
class S3FifoPolicy : public Baseline<S3FifoPolicy> {
 public:
  using Baseline::Baseline;

  void on_hit(Node& node) {
    if (node.uses < uses_max) ++node.uses;
  }
  cache::Admission before(const Node& node) {
    return ghosts_.forget(node.hash) ? cache::Admission::recent_ghost : cache::Admission::cold;
  }
  void link(Node& node, cache::Admission kind);
  void unlink(Node& node) { list_of(node).unlink(node); }
  Node* victim();
  void remember(const Node& node) {
    if (node.list == small) ghosts_.push_newest(0, node.hash, node.weight);
    has_evicted_ = true;
  }
  void forget(std::uint64_t hash) { ghosts_.forget(hash); }
  void settle() {
    while (ghosts_.weight(0) > capacity() - capacity() / 10) ghosts_.pop_oldest(0);
  }
  cache::PolicyStats stats() const;

 private:
  static constexpr std::uint8_t small = 1, main = 2;
  static constexpr std::uint8_t uses_max = 3;
  static constexpr std::uint8_t uses_to_move = 2;
  cache::NodeList& list_of(const Node& node) { return node.list == small ? small_ : main_; }

  cache::NodeList small_;
  cache::NodeList main_;
  cache::GhostTable ghosts_{1};
  bool has_evicted_ = false;  // until then new keys fill main as well
};

}  // namespace shoal::replay
