#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "shoal/cache/origin_table.h"
#include "shoal/cache/style_judge.h"

namespace shoal::cache {

/// A sampled request, for a Steering.
struct Sample {
  std::uint64_t hash = 0;
  std::uint64_t origin = 0;  ///< a hash of where the key belongs, its bucket and prefix; 0: unknown
  std::uint32_t weight = 0;  ///< 0: the key was deleted
};

/// How a cache is to treat its traffic. Group 0 is everything that belongs to no other group.
struct SteeringPlan {
  static constexpr std::size_t groups_max = 8;

  struct Group {
    std::uint64_t origin = 0;  ///< what belongs to it; of group 0 without meaning
    Style style = Style::probation;
    double window_share = 0;  ///< of its capacity, under Style::adaptive
    bool keeps_first = true;  ///< see ProbationClock
    double share = 0;         ///< of the capacity of the cache; 0: there is no such group

    friend bool operator==(const Group&, const Group&) = default;
  };

  std::array<Group, groups_max> groups{};
  std::size_t group_count = 1;      ///< no group has this number or a higher one
  unsigned sample_shift = 0;        ///< one key in 2^sample_shift is a sample
  std::uint64_t version = 0;        ///< grows with every change
  std::uint64_t parts_version = 0;  ///< grows with every change of groups and their parts

  bool samples(std::uint64_t hash) const {
    // By bits that neither shards nor tables use alone.
    return sample_shift == 0 || (hash * 0x9e3779b97f4a7c15) >> (64 - sample_shift) == 0;
  }
  std::size_t group_of(std::uint64_t origin) const;
};

/// Learns from a sample of the requests how they are best treated; one for a cache, however many shards it has.
///
/// All traffic begins in one group under one StyleJudge. An origin that makes up a sixteenth of it or more is tried by
/// a judge of its own; when that prefers another style than the rest clearly, the origin becomes a group with its own
/// part of the cache, as large as its part of the requests. From then on parts follow their use: in each group a shadow
/// with a quarter more room shows what more would be worth, and where that is clearly most, it takes from where it is
/// least. A group whose part has shrunk to nothing goes back to the rest.
///
/// Bounded: at most 8 groups and 4 trials, and all shadows of a style together hold `shadow_entries_max` entries.
class Steering {
 public:
  struct Options {
    std::uint64_t capacity = 0;
    std::uint64_t shadow_entries_max = 4096;  ///< For each style; above it, fewer keys are sampled.
    StyleJudge::Options judging = {};
  };

  explicit Steering(Options options);

  /// Of keys that plan().samples() says yes to; others are passed over.
  void learn(const Sample& sample);
  void resize(std::uint64_t capacity);

  const SteeringPlan& plan() const { return plan_; }
  /// How often the style of a group changed.
  std::uint64_t style_changes() const;
  /// Beyond what it has from the beginning.
  std::uint64_t memory_bytes() const;

 private:
  struct Group {
    std::uint64_t origin;
    double share;  // of the capacity; of a trial without meaning
    StyleJudge judge;

    Group(std::uint64_t of_origin, double of_capacity, StyleJudge::Options judging, std::uint64_t capacity, Style first)
        : origin(of_origin), share(of_capacity), judge(judging, capacity, first) {}
  };

  std::uint64_t scaled(double share) const;
  std::uint64_t entries_max() const;
  void forget(std::uint64_t hash);
  void thin();
  void end_period();
  void choose_trials();
  void end_trials();
  std::unique_ptr<Group> split_off(std::unique_ptr<Group> trial, Style style);
  void dissolve_small_groups();
  void move_room_to_where_it_is_worth_most();
  void resize_judges();
  void plan_style(std::size_t number);
  void plan_parts();

  Options options_;
  std::vector<std::unique_ptr<Group>> groups_;  // by their number; null: unused
  std::vector<std::unique_ptr<Group>> trials_;
  OriginTable origins_;        // of group 0
  std::uint64_t samples_ = 0;  // in this period
  unsigned sample_shift_ = 0;
  std::uint64_t changes_before_ = 0;  // of groups that are gone
  SteeringPlan plan_;
};

}  // namespace shoal::cache
