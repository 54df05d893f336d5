#pragma once

#include <list>
#include <unordered_map>

#include "shoal/replay/baseline.h"

namespace shoal::replay {

struct LirsNode : cache::PolicyNode {
  struct Seen;
  Seen* seen = nullptr;  ///< Its place in the recency stack, if it has one.
};

/// LIRS (Jiang & Zhang, SIGMETRICS '02): what was used twice at a short distance (LIR) stays; the rest passes through a
/// queue of 1 % of the capacity (HIR). The stack of recency remembers HIR keys that left, here at most two capacities
/// of them.
class LirsPolicy : public Baseline<LirsPolicy, LirsNode> {
 public:
  explicit LirsPolicy(std::uint64_t capacity);
  ~LirsPolicy();

  void on_hit(Node& node);
  cache::Admission before(const Node& node);
  void link(Node& node, cache::Admission kind);
  void unlink(Node& node);
  Node* victim();
  void remember(const Node& node);
  void forget(std::uint64_t hash);
  void settle();
  cache::PolicyStats stats() const;

 private:
  static constexpr std::uint8_t lir = 1, hir = 2;
  using Seen = LirsNode::Seen;

  std::uint64_t lir_max() const;
  Seen* push_seen(Node* node, std::uint64_t hash, std::uint32_t weight);
  void erase_seen(Seen* seen);
  void prune();
  void make_lir(Node& node);
  void demote_oldest_lir();

  cache::NodeList lirs_;                         // order of no importance: the stack has it
  cache::NodeList hirs_;                         // Q
  std::list<Seen> stack_;                        // S, most recent first
  std::list<std::list<Seen>::iterator> ghosts_;  // seen keys that left, newest first
  std::unordered_map<std::uint64_t, Seen*> ghost_of_;
  std::uint64_t ghost_weight_ = 0;
};

}  // namespace shoal::replay
