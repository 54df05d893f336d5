#pragma once

#include <deque>
#include <vector>

#include "shoal/cache/probation_clock.h"

namespace shoal::cache {

/// A cache without bodies: tells what a style would have hit. Keys are known by their hash.
class ShadowCache {
 public:
  ShadowCache(std::uint64_t capacity, Style style) : clock_(capacity, style) {}

  /// Whether the request hits; if not, the key comes in.
  bool request(std::uint64_t hash, std::uint32_t weight);
  void forget(std::uint64_t hash);
  /// Keeps only the keys that `keep` (hash to bool) wants, in another capacity.
  template <typename Keep>
  void thin(std::uint64_t capacity, Keep keep) {
    for (PolicyNode& node : nodes_)
      if (node.resident() && !keep(node.hash)) remove(node);
    resize(capacity);
  }
  void resize(std::uint64_t capacity);

  void set_style(Style style) { clock_.set_style(style); }
  std::uint64_t count() const { return clock_.count(); }
  const ProbationClock& clock() const { return clock_; }
  std::uint64_t memory_bytes() const;

 private:
  static constexpr std::size_t slots_min = 64;
  static constexpr std::uint64_t nodes_at_once = 16;  // how the standard library allocates a deque of nodes

  std::size_t slot_of(std::uint64_t hash) const;
  PolicyNode& take_node();
  void remove(PolicyNode& node);
  void release(PolicyNode& node);
  PolicyNode* find(std::uint64_t hash) const { return slots_.empty() ? nullptr : slots_[slot_of(hash)]; }
  void add_slots();

  ProbationClock clock_;
  std::deque<PolicyNode> nodes_;    // keep their address; those that are free are chained through `older`
  std::vector<PolicyNode*> slots_;  // open addressing, linear probing; a power of two, at most half full; or none
  PolicyNode* free_ = nullptr;
};

}  // namespace shoal::cache
