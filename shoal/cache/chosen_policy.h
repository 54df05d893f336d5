#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "shoal/cache/arc_policy.h"
#include "shoal/cache/duel_policy.h"
#include "shoal/cache/worth_policy.h"

namespace shoal::cache {

/// The policies that a server can run.
enum class PolicyKind : std::uint8_t {
  duel,   ///< byte mode: as many bytes from memory as possible
  arc,    ///< byte mode, as ARC decides
  worth,  ///< object mode: as many requests from memory as possible
};
std::string_view to_string(PolicyKind kind);

/// A CachePolicy that is one of several, as its options say.
class ChosenPolicy {
 public:
  using Node = PolicyNode;
  using Evict = EvictInto<PolicyNode>;

  struct Options {
    PolicyKind kind = PolicyKind::duel;
    std::uint64_t capacity = 0;
    DuelPolicy::OriginOf origin_of = {};
    bool is_shard = false;  ///< Somebody else has the Steering of it and of the other shards: see steer().
  };

  explicit ChosenPolicy(Options options) : policy_(make(options)) {}
  ChosenPolicy(const ChosenPolicy&) = delete;  // nodes are linked into its lists
  ChosenPolicy& operator=(const ChosenPolicy&) = delete;

  void on_hit(Node& node) {
    std::visit([&](auto& policy) { policy.on_hit(node); }, policy_);
  }
  Admission admit(Node& node, Evict evict) {
    return std::visit([&](auto& policy) { return policy.admit(node, evict); }, policy_);
  }
  void remove(Node& node) {
    std::visit([&](auto& policy) { policy.remove(node); }, policy_);
  }
  void forget(std::uint64_t hash) {
    std::visit([&](auto& policy) { policy.forget(hash); }, policy_);
  }
  bool reweigh(Node& node, std::uint32_t weight, Evict evict) {
    return std::visit([&](auto& policy) { return policy.reweigh(node, weight, evict); }, policy_);
  }
  void pin(Node& node) {
    std::visit([&](auto& policy) { policy.pin(node); }, policy_);
  }
  void unpin(Node& node) {
    std::visit([&](auto& policy) { policy.unpin(node); }, policy_);
  }
  void resize(std::uint64_t capacity, Evict evict) {
    std::visit([&](auto& policy) { policy.resize(capacity, evict); }, policy_);
  }
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict) {
    return std::visit([&](auto& policy) { return policy.reclaim(wanted, evict); }, policy_);
  }
  /// Visits what is likely to be evicted soon, from the end of each list, up to so much weight of each; false if the
  /// visitor had enough. Changes nothing.
  bool visit_tails(std::uint64_t weight_max, VisitTail visit) const {
    return std::visit([&](const auto& policy) { return policy.visit_tails(weight_max, visit); }, policy_);
  }
  std::uint64_t capacity() const {
    return std::visit([](const auto& policy) { return policy.capacity(); }, policy_);
  }
  std::uint64_t weight() const {
    return std::visit([](const auto& policy) { return policy.weight(); }, policy_);
  }
  std::uint64_t pinned_weight() const {
    return std::visit([](const auto& policy) { return policy.pinned_weight(); }, policy_);
  }
  std::uint64_t count() const {
    return std::visit([](const auto& policy) { return policy.count(); }, policy_);
  }
  std::uint64_t memory_bytes() const {
    return std::visit([](const auto& policy) { return policy.memory_bytes(); }, policy_);
  }
  PolicyStats stats() const {
    return std::visit([](const auto& policy) { return policy.stats(); }, policy_);
  }
  std::string_view list_name(const Node& node) const {
    return std::visit([&](const auto& policy) { return policy.list_name(node); }, policy_);
  }
  PolicySnapshot snapshot() const {
    return std::visit([](const auto& policy) { return policy.snapshot(); }, policy_);
  }
  /// Of a shard: does as the plan says from now on, and gives what is to be learnt. Nothing if the policy does not
  /// learn.
  std::vector<Sample> steer(const SteeringPlan& plan) {
    auto* duel = std::get_if<DuelPolicy>(&policy_);
    if (duel == nullptr) return {};
    duel->follow(plan);
    return duel->take_samples();
  }
  void restore(const PolicySnapshot& snapshot, NodeFor node_for) {
    std::visit([&](auto& policy) { policy.restore(snapshot, node_for); }, policy_);
  }

 private:
  using Policy = std::variant<DuelPolicy, ArcPolicy, WorthPolicy>;
  static Policy make(const Options& options);

  Policy policy_;
};

static_assert(CachePolicy<ChosenPolicy>);

}  // namespace shoal::cache
