#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shoal/cache/probation_clock.h"
#include "shoal/cache/shadow_cache.h"

namespace shoal::cache {

/// The default of the server: a ProbationClock whose style is the one that wins on small shadow caches fed with a
/// sample of the same requests (docs/CACHE.md).
///
/// Every style has a shadow of the same relative size. What a style hits beyond the leading one is its credit, in
/// weight, of which an eighth of a shadow's turnover is forgotten at a time. A style takes the lead when its credit is
/// more than chance (so many standard deviations of a fair game) and pays for a part of the content that a change of
/// style will exchange.
///
/// Byte mode is a budget in bytes, count mode one of weight 1. Ghosts, pins, versions and resizes are those of
/// ProbationClock.
class DuelPolicy {
 public:
  using Node = PolicyNode;
  using Evict = EvictInto<PolicyNode>;
  static constexpr std::string_view name = "duel";

  struct Options {
    std::uint64_t capacity = 0;
    std::uint64_t shadow_entries_max = 4096;  ///< For each style; above it, fewer keys are sampled.
    double deviations = 2;                    ///< What credit must exceed to be no chance.
    double exchange_share = 0.15;             ///< Of the capacity, that credit must pay for.
    double memory_turns = 4;                  ///< Credit is halved each time a shadow was hit so often its entries.
  };

  /// For a cache of so many bytes: shadows that take a few percent of it at most.
  static Options for_bytes(std::uint64_t capacity);

  explicit DuelPolicy(Options options);
  DuelPolicy(const DuelPolicy&) = delete;  // nodes are linked into its lists
  DuelPolicy& operator=(const DuelPolicy&) = delete;

  void on_hit(Node& node) {
    clock_.on_hit(node);
    if (sampled(node.hash)) duel(node);
  }
  Admission admit(Node& node, Evict evict) {
    if (sampled(node.hash)) duel(node);
    return clock_.admit(node, evict);
  }
  void remove(Node& node) { clock_.remove(node); }
  void forget(std::uint64_t hash);
  bool reweigh(Node& node, std::uint32_t weight, Evict evict) { return clock_.reweigh(node, weight, evict); }
  void pin(Node& node) { clock_.pin(node); }
  void unpin(Node& node) { clock_.unpin(node); }
  void resize(std::uint64_t capacity, Evict evict);
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict) { return clock_.reclaim(wanted, evict); }
  std::uint64_t capacity() const { return clock_.capacity(); }
  std::uint64_t weight() const { return clock_.weight(); }
  std::uint64_t pinned_weight() const { return clock_.pinned_weight(); }
  PolicyStats stats() const;

  /// What leads now, and how often that changed.
  Style style() const { return clock_.style(); }
  std::uint64_t style_changes() const { return style_changes_; }
  /// "window" or "main".
  static std::string_view list_name(const Node& node) { return ProbationClock::list_name(node); }

  PolicySnapshot snapshot() const { return clock_.snapshot(name); }
  void restore(const PolicySnapshot& snapshot, NodeFor node_for) { clock_.restore(snapshot, node_for); }

 private:
  /// The credit of one style against another.
  struct Credit {
    double weight = 0;    // hit by the one and not by the other, minus the reverse
    double variance = 0;  // of a fair game over the same requests
  };

  // One key in 2^sample_shift_, by bits that neither shards nor tables use alone.
  bool sampled(std::uint64_t hash) const {
    return sample_shift_ == 0 || (hash * 0x9e3779b97f4a7c15) >> (64 - sample_shift_) == 0;
  }
  void duel(const Node& node);
  void keep_score(const std::array<bool, style_count>& hit, double weight);
  void thin_shadows();
  void choose_leader();
  void forget_old_credit();

  Options options_;
  ProbationClock clock_;
  std::array<ShadowCache, style_count> shadows_;
  std::array<std::array<Credit, style_count>, style_count> credit_{};
  std::array<std::uint64_t, style_count> hits_{};
  unsigned sample_shift_ = 0;
  std::uint64_t style_changes_ = 0;
};

static_assert(CachePolicy<DuelPolicy>);

}  // namespace shoal::cache
