#pragma once

#include "shoal/replay/baseline.h"

namespace shoal::replay {

/// CAR (Bansal & Modha, FAST '04): ARC whose resident lists are clocks, so that a hit sets one bit. In weights the step
/// of p is multiplied as in ArcPolicy, without a cap.
class CarPolicy : public Baseline<CarPolicy> {
 public:
  using Baseline::Baseline;

  void on_hit(Node& node) { node.uses = 1; }
  cache::Admission before(const Node& node);
  void link(Node& node, cache::Admission kind);
  void unlink(Node& node) { list_of(node).unlink(node); }
  Node* victim();
  void remember(const Node& node) { ghosts_.push_newest(node.list == t1 ? b1 : b2, node.hash, node.weight); }
  void forget(std::uint64_t hash) { ghosts_.forget(hash); }
  void resized() { p_ = std::min(p_, static_cast<double>(capacity())); }
  void settle() { trim_ghosts(0); }
  cache::PolicyStats stats() const;

 private:
  static constexpr std::uint8_t t1 = 1, t2 = 2;
  static constexpr int b1 = 0, b2 = 1;

  cache::NodeList& list_of(const Node& node) { return node.list == t1 ? recent_ : frequent_; }
  void trim_ghosts(std::uint64_t coming);

  cache::NodeList recent_;
  cache::NodeList frequent_;
  cache::GhostTable ghosts_{2};
  double p_ = 0;
};

}  // namespace shoal::replay
