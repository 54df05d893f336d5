#pragma once

#include "shoal/cache/cache_policy.h"
#include "shoal/cache/ghost_table.h"

namespace shoal::replay {

/// What the policies that exist for comparison have in common. A Derived says how it orders entries:
///
///   Admission before(const Node&)  a missed key is about to come in: adapt, and tell what is remembered of it
///   void link(Node&, Admission)    into its lists, once there is room; sets node.list
///   void unlink(Node&)             out of its lists
///   Node* victim()                 the next to go, still linked and never pinned; something evictable exists
///   void remember(const Node&)     the victim, before it is unlinked: its ghost
///   void resized()                 the capacity changed
///   void settle()                  after anything came, went or changed: trims ghosts
template <typename Derived, typename NodeType = cache::PolicyNode>
class Baseline : public cache::PolicyBudget {
 public:
  using Node = NodeType;
  using Evict = cache::EvictInto<Node>;

  explicit Baseline(std::uint64_t capacity) : PolicyBudget(capacity) {}
  Baseline(const Baseline&) = delete;  // nodes are linked into its lists
  Baseline& operator=(const Baseline&) = delete;

  cache::Admission admit(Node& node, Evict evict) {
    CHECK(!node.resident() && node.weight > 0);
    if (cache::Admission room = room_for(node.weight); !is_admitted(room)) {
      ++refusals_;
      return room;
    }
    cache::Admission kind = self().before(node);
    make_room(node.weight, evict);
    self().link(node, kind);
    entered(node);
    self().settle();
    return kind;
  }
  void remove(Node& node) {
    self().unlink(node);
    left(node);
    self().settle();
  }
  void forget(std::uint64_t) {}
  /// Comes in anew at the newest end: these policies know nothing of versions.
  bool reweigh(Node& node, std::uint32_t weight, Evict evict) {
    bool pinned = node.pinned;
    if (weight + pinned_weight() - (pinned ? node.weight : 0) > capacity()) return false;
    self().unlink(node);
    left(node);
    node.weight = weight;
    make_room(weight, evict);
    self().link(node, cache::Admission::cold);
    entered(node);
    if (pinned) pin(node);
    self().settle();
    return true;
  }
  void resize(std::uint64_t capacity, Evict evict) {
    set_capacity(capacity);
    self().resized();
    reclaim(0, evict);
  }
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict) {
    make_room(wanted, evict);
    self().settle();
    return capacity() - std::min(capacity(), weight());
  }

  // For a Derived that has none of these.
  cache::Admission before(const Node&) { return cache::Admission::cold; }
  void remember(const Node&) {}
  void resized() {}
  void settle() {}

 protected:
  cache::PolicyStats base_stats() const { return {.evictions = evictions_, .refusals = refusals_}; }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
  void make_room(std::uint64_t coming, Evict evict) {
    while (over(coming) && anything_evictable()) {
      Node* victim = self().victim();
      CHECK(victim != nullptr && !victim->pinned);
      self().remember(*victim);
      self().unlink(*victim);
      left(*victim);
      ++evictions_;
      evict(*victim);
    }
  }

  std::uint64_t evictions_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace shoal::replay
