#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "shoal/base/function_ref.h"
#include "shoal/cache/policy_node.h"

namespace shoal::cache {

/// What became of an entry that asked to come in after a miss, and what kind of miss that was.
enum class Admission : std::uint8_t {
  cold,               ///< Admitted; the policy has no memory of the key.
  recent_ghost,       ///< Admitted; was evicted after a single use (B1 of ARC).
  frequent_ghost,     ///< Admitted; was evicted after several uses (B2 of ARC).
  refused_too_large,  ///< Heavier than the whole cache.
  refused_pinned,     ///< Too much of the cache is in use.
  refused_unworthy,   ///< Not worth what it would have evicted.
};
constexpr bool is_admitted(Admission admission) { return admission <= Admission::frequent_ghost; }
std::string_view to_string(Admission admission);

/// Sums of a policy at this moment, for metrics and for people. Weights in the unit of the policy.
struct PolicyStats {
  struct List {
    std::string_view name;
    bool ghost = false;
    std::uint64_t count = 0;
    std::uint64_t weight = 0;
  };
  std::array<List, 6> lists{};  ///< Those with an empty name are unused.
  double target = 0;            ///< What the policy adapts: p of ARC, in weight; 0 if nothing.
  std::uint64_t recent_ghost_hits = 0;
  std::uint64_t frequent_ghost_hits = 0;
  std::uint64_t evictions = 0;
  std::uint64_t refusals = 0;
  std::uint64_t memory_bytes = 0;  ///< Held by the policy itself: ghosts and sketches, not the nodes.

  /// Sums; of the same lists.
  void add(const PolicyStats& other);
};

/// Told of each victim after it left all lists (`list` says 0): the owner may free it or reuse it at once. It must not
/// call the policy back.
template <typename Node>
using EvictInto = FunctionRef<void(Node&)>;

/// Decides what stays in a cache of limited weight. Pure and synchronous: no clock, no threads, and the same calls give
/// the same decisions. The owner has the table from keys to entries; the policy has the order and the ghosts. The
/// server and `replay` run the same classes.
///
///   on_hit(node)            a resident entry was read
///   admit(node, evict)      after a miss, when the entry is there: makes room, then takes it in, or refuses it
///   remove(node)            deleted or replaced by nothing: leaves without a ghost, and no target moves
///   forget(hash)            a key without an entry was deleted: its ghost goes, and no target moves
///   reweigh(node, w, evict) another version of the body: keeps its place and its history; false if it cannot fit, and
///   then
///                           nothing changed
///   pin(node), unpin(node)  while pinned, an entry is no victim; not nested
///   resize(capacity, evict) at any time; targets scale with it. What is pinned may hold weight() above capacity()
///   until
///                           the next call that evicts
///   reclaim(weight, evict)  evicts until so much weight is free, or nothing evictable is left; returns what is free
///
/// Between calls weight() <= capacity(), but for pinned entries after a resize.
template <typename P>
concept CachePolicy = std::derived_from<typename P::Node, PolicyNode> &&
                      requires(P policy, const P& constant, typename P::Node& node, std::uint64_t number,
                               std::uint32_t weight, EvictInto<typename P::Node> evict) {
                        policy.on_hit(node);
                        { policy.admit(node, evict) } -> std::same_as<Admission>;
                        policy.remove(node);
                        policy.forget(number);
                        { policy.reweigh(node, weight, evict) } -> std::same_as<bool>;
                        policy.pin(node);
                        policy.unpin(node);
                        policy.resize(number, evict);
                        { policy.reclaim(number, evict) } -> std::same_as<std::uint64_t>;
                        { constant.capacity() } -> std::same_as<std::uint64_t>;
                        { constant.weight() } -> std::same_as<std::uint64_t>;
                        { constant.stats() } -> std::same_as<PolicyStats>;
                      };

/// The sums that every policy keeps, and pins.
class PolicyBudget {
 public:
  explicit PolicyBudget(std::uint64_t capacity) : capacity_(capacity) {}

  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t weight() const { return weight_; }
  std::uint64_t pinned_weight() const { return pinned_weight_; }
  std::uint64_t count() const { return count_; }

  void pin(PolicyNode& node) {
    CHECK(node.resident() && !node.pinned);
    node.pinned = true;
    pinned_weight_ += node.weight;
  }
  void unpin(PolicyNode& node) {
    CHECK(node.resident() && node.pinned);
    node.pinned = false;
    pinned_weight_ -= node.weight;
  }

 protected:
  /// Why so much weight cannot come in even if all that is evictable goes, or `cold` if it can.
  Admission room_for(std::uint64_t weight) const {
    if (weight > capacity_) return Admission::refused_too_large;
    if (weight + pinned_weight_ > capacity_) return Admission::refused_pinned;
    return Admission::cold;
  }
  bool over(std::uint64_t coming) const { return weight_ + coming > capacity_; }
  bool anything_evictable() const { return weight_ > pinned_weight_; }
  void entered(const PolicyNode& node) {
    weight_ += node.weight;
    ++count_;
  }
  void left(PolicyNode& node) {
    weight_ -= node.weight;
    --count_;
    if (node.pinned) pinned_weight_ -= node.weight;
    node.pinned = false;
    node.list = 0;
  }
  void reweighed(const PolicyNode& node, std::uint32_t weight) {
    weight_ = weight_ - node.weight + weight;
    if (node.pinned) pinned_weight_ = pinned_weight_ - node.weight + weight;
  }
  void set_capacity(std::uint64_t capacity) { capacity_ = capacity; }
  /// reweigh() of every policy: `set_weight()` changes the weight of the node where it is, `evict_one()` evicts
  /// another.
  template <typename SetWeight, typename EvictOne>
  bool reweigh_among(PolicyNode& node, std::uint32_t weight, SetWeight set_weight, EvictOne evict_one) {
    CHECK(node.resident() && weight > 0);
    std::uint64_t others_pinned = pinned_weight_ - (node.pinned ? node.weight : 0);
    if (weight + others_pinned > capacity_) return false;
    reweighed(node, weight);
    set_weight();
    bool was_pinned = node.pinned;
    if (!was_pinned) pin(node);
    while (over(0)) evict_one();
    if (!was_pinned) unpin(node);
    return true;
  }

 private:
  std::uint64_t capacity_;
  std::uint64_t weight_ = 0;
  std::uint64_t pinned_weight_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace shoal::cache
