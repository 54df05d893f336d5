#pragma once

#include <cstdint>
#include <string_view>

#include "shoal/cache/cache_policy.h"
#include "shoal/cache/ghost_table.h"
#include "shoal/cache/policy_snapshot.h"

namespace shoal::cache {

/// How a ProbationClock treats what is new.
enum class Style : std::uint8_t {
  adaptive,   ///< The window follows ARC's rule (p): ghost hits of the window widen it, those of the main part narrow
              ///< it.
  probation,  ///< The window is a tenth: what is not used again within it goes at once (quick demotion, as S3-FIFO).
  contest,  ///< The window is a hundredth, and an entry leaves it for the main part only when it was asked for clearly
            ///< more often than what it would replace there. On a loop or shuffled epochs nothing is, and the cache
            ///< stands still.
  hold,     ///< The same, but nothing leaves the window for a full main part: what is there stays.
};
inline constexpr int style_count = 4;
std::string_view to_string(Style style);

/// A FIFO window for what is new, a clock for the main part, and ghosts of both: one structure that is CAR, nearly
/// S3-FIFO or nearly TinyLFU, by its style, which may change at any time. A hit adds one to a counter of the entry and
/// moves nothing.
///
/// Uses are halved every ten times as many requests as there are entries, in each entry when it is next looked at.
///
/// A cache that becomes full for the first time has no past to judge by. When hardly a key was asked for twice until
/// then, it may see a loop or an epoch, on which following loses a whole round: what came first goes to the main part
/// unproven, and stays as long as set_keeps_first() says. Then it leaves in its old order, before all others.
class ProbationClock : public PolicyBudget {
 public:
  using Node = PolicyNode;
  using Evict = EvictInto<PolicyNode>;

  ProbationClock(std::uint64_t capacity, Style style) : PolicyBudget(capacity), style_(style) {}
  ProbationClock(const ProbationClock&) = delete;  // nodes are linked into its lists
  ProbationClock& operator=(const ProbationClock&) = delete;

  void on_hit(Node& node) {
    if (node.uses < UINT8_MAX) ++node.uses;
    ++requests_;
  }
  Admission admit(Node& node, Evict evict);
  void remove(Node& node);
  void forget(std::uint64_t hash) { ghosts_.forget(hash); }
  bool reweigh(Node& node, std::uint32_t weight, Evict evict);
  void resize(std::uint64_t capacity, Evict evict);
  std::uint64_t reclaim(std::uint64_t wanted, Evict evict);
  bool visit_tails(std::uint64_t weight_max, VisitTail visit) const {
    return visit_oldest(window_, weight_max, visit) && visit_oldest(main_, weight_max, visit);
  }
  PolicyStats stats() const;
  std::uint64_t memory_bytes() const { return ghosts_.memory_bytes(); }

  Style style() const { return style_; }
  /// Takes effect with the next evictions.
  void set_style(Style style) { style_ = style; }
  /// Whether nothing was shown to be better than to stand still.
  void set_keeps_first(bool keeps) { keeps_first_ = keeps; }
  /// What the window may weigh under Style::adaptive (p of ARC).
  double adaptive_target() const { return target_; }
  void set_adaptive_target(double target) { target_ = target; }
  /// "window" or "main".
  static std::string_view list_name(const Node& node) {
    return node.list == window ? "window" : node.resident() ? "main" : "-";
  }

  PolicySnapshot snapshot(std::string_view policy) const;
  /// Takes over a saved order; only while empty. What does not fit the capacity becomes a ghost.
  void restore(const PolicySnapshot& snapshot, NodeFor node_for);

 private:
  // PolicyNode::list; what came first is in main_ too.
  static constexpr std::uint8_t window = recent_list, main = frequent_list, first = 3;
  static constexpr std::uint8_t era_mask = 0x7f;  // what PolicyNode::era holds
  static constexpr int b1 = 0, b2 = 1;            // lists of ghosts_: of the window, of the main part

  NodeList& list_of(const Node& node) { return node.list == window ? window_ : main_; }
  double window_target() const;
  bool main_has_room_for(const Node& node) const;
  bool is_worth_keeping_as_first(const Node& node) const;
  std::uint8_t eras_since(std::uint8_t era) const { return (era_ - era) & era_mask; }
  void age(Node& node) const;
  Admission remembered(Node& node);
  void adapt(bool recent, std::uint32_t weight);
  void move_to_main(Node& node);
  Node* victim_of_first();
  Node* main_victim();
  Node* next_victim();
  Node* loser_of_contest(Node& candidate);
  void evict_one(Evict evict);
  void trim_ghosts();

  Style style_;
  bool keeps_first_ = false;
  NodeList window_;
  NodeList main_;
  GhostTable ghosts_{2};
  double target_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t next_era_ = 0;
  std::uint8_t era_ = 0;
  std::uint64_t recent_ghost_hits_ = 0;
  std::uint64_t frequent_ghost_hits_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t refusals_ = 0;
};

static_assert(CachePolicy<ProbationClock>);

}  // namespace shoal::cache
