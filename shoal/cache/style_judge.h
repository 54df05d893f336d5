#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "shoal/cache/probation_clock.h"
#include "shoal/cache/shadow_cache.h"

namespace shoal::cache {

/// Says which style serves some traffic best: every style has a shadow of the same size, fed with the same requests.
///
/// What a style hits beyond the leading one is its credit, in weight, which is halved from time to time. A style takes
/// the lead when its credit is more than chance (so many standard deviations of a fair game) and pays for a part of the
/// content that a change of style will exchange. A small advantage pays too, when it lasts: while the credit says that
/// a style is better, by one deviation at least, but does not pay, one that is remembered for longer decides.
class StyleJudge {
 public:
  struct Options {
    double deviations = 2;          ///< What credit must exceed to be no chance.
    double exchange_share = 0.15;   ///< Of the capacity, that credit must pay for.
    double memory_turns = 4;        ///< Credit is halved each time a shadow was hit so often its entries.
    double long_memory_turns = 64;  ///< The same of the credit that tells small advantages.
  };
  /// What more room would have hit, since it was last asked for.
  struct Gain {
    double weight = 0;    ///< hit by a shadow that is larger by `larger_by`, and not by the leader's, minus the reverse
    double variance = 0;  ///< of a fair game over the same requests
  };
  static constexpr double larger_by = 0.25;

  /// `capacity` is that of the shadows.
  StyleJudge(Options options, std::uint64_t capacity, Style first);

  void request(std::uint64_t hash, std::uint32_t weight);
  void forget(std::uint64_t hash);
  void resize(std::uint64_t capacity);
  /// Keeps only the keys that `keep` (hash to bool) wants, in another capacity.
  template <typename Keep>
  void thin(std::uint64_t capacity, Keep keep) {
    is_judged_ = false;
    for (ShadowCache& shadow : shadows_) shadow.thin(capacity, keep);
    if (larger_) larger_->thin(enlarged(capacity), keep);
  }

  /// What leads now, and how often that changed.
  Style leader() const { return leader_; }
  std::uint64_t changes() const { return changes_; }
  /// The style that clearly serves this traffic better than the one given; that one if there is none.
  Style better_than(Style style) const;
  /// Whether it was never more than chance that a cache which stands still hits less than the leader.
  bool keeps_first() const { return !hold_was_beaten_; }
  void set_leader(Style style);
  /// How much of the capacity the window takes under Style::adaptive.
  double window_share() const;

  /// Starts to measure what more room is worth.
  void measure_gain();
  const Gain& gain() const { return gain_; }
  void reset_gain() { gain_ = {}; }

  std::uint64_t capacity() const { return shadow_of(Style::adaptive).clock().capacity(); }
  /// Of the shadow that holds most.
  std::uint64_t entries_max() const;
  std::uint64_t memory_bytes() const;

 private:
  /// The credit of one style against another.
  struct Credit {
    double weight = 0;    // hit by the one and not by the other, minus the reverse
    double variance = 0;  // of a fair game over the same requests
  };
  /// What every style hit, and its credit against every other, of which the old counts less and less.
  struct Ledger {
    std::array<std::array<Credit, style_count>, style_count> credit{};
    std::array<std::uint64_t, style_count> hits{};

    void count(const std::array<bool, style_count>& hit);
    /// Of a request that not all styles hit, and not none.
    void move_credit(const std::array<bool, style_count>& hit, double weight);
    /// Whether that had to be.
    bool halve_after(double hits_max);
    const Credit& of(Style one, Style against) const;
    void forget(Style style);
  };

  static std::uint64_t enlarged(std::uint64_t capacity) {
    return capacity + static_cast<std::uint64_t>(larger_by * static_cast<double>(capacity));
  }
  const ShadowCache& shadow_of(Style style) const { return shadows_[static_cast<std::size_t>(style)]; }
  /// Draws the conclusions from all credit.
  void judge();
  void restart_what_stands_for_nothing();
  void forget_old_credit();

  Options options_;
  Style leader_;
  std::array<ShadowCache, style_count> shadows_;
  std::optional<ShadowCache> larger_;
  Gain gain_;
  Ledger recent_;
  Ledger long_;
  std::uint64_t changes_ = 0;
  bool hold_was_beaten_ = false;
  bool is_judged_ = false;  // credit and capacity as they are
};

}  // namespace shoal::cache
