#include "shoal/cache/steering.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shoal::cache {
namespace {

constexpr Style first_style = Style::probation;  // the one whose worst case is mildest
constexpr double trial_share_min = 1.0 / 16;     // of the traffic of group 0
constexpr std::size_t trials_max = 4;
constexpr double group_share_min = 1.0 / 64;  // of the capacity
constexpr double step_share = 1.0 / 8;        // of what a group has, at a time
constexpr std::uint64_t period_turns = 4;     // in entries of the largest shadow
constexpr std::uint64_t period_samples_min = 1024;

}  // namespace

std::size_t SteeringPlan::group_of(std::uint64_t origin) const {
  for (std::size_t i = 1; i < group_count; ++i) {
    if (groups[i].share > 0 && groups[i].origin == origin) return i;
  }
  return 0;
}

Steering::Steering(Options options) : options_(options), groups_(SteeringPlan::groups_max) {
  groups_[0] = std::make_unique<Group>(0, 1.0, options.judging, options.capacity, first_style);
  plan_parts();
}

std::uint64_t Steering::scaled(double share) const {
  return static_cast<std::uint64_t>(
      share * std::ldexp(static_cast<double>(options_.capacity), -static_cast<int>(sample_shift_)));
}

void Steering::learn(const Sample& sample) {
  if (!plan_.samples(sample.hash)) return;
  if (sample.weight == 0) return forget(sample.hash);
  std::size_t number = sample.origin == 0 ? 0 : plan_.group_of(sample.origin);
  Group& group = *groups_[number];
  group.judge.request(sample.hash, sample.weight);
  if (number == 0 && sample.origin != 0) {
    origins_.note(sample.origin, sample.weight);
    for (auto& trial : trials_) {
      if (trial->origin == sample.origin) trial->judge.request(sample.hash, sample.weight);
    }
  }
  if (entries_max() > options_.shadow_entries_max) thin();
  ++samples_;
  if (samples_ >= period_samples_min && samples_ >= period_turns * entries_max()) end_period();
  plan_style(number);
}

void Steering::forget(std::uint64_t hash) {
  for (auto& group : groups_) {
    if (group != nullptr) group->judge.forget(hash);
  }
  for (auto& trial : trials_) trial->judge.forget(hash);
}

std::uint64_t Steering::entries_max() const {
  std::uint64_t sum = 0;
  for (const auto& group : groups_) sum += group == nullptr ? 0 : group->judge.entries_max();
  return sum;
}

// Halves the sample whenever the shadows hold too much; then, as before, they have the same share of keys and of
// capacity.
void Steering::thin() {
  ++sample_shift_;
  plan_.sample_shift = sample_shift_;
  ++plan_.version;
  auto keep = [this](std::uint64_t hash) { return plan_.samples(hash); };
  for (auto& group : groups_) {
    if (group != nullptr) group->judge.thin(scaled(group->share), keep);
  }
  for (auto& trial : trials_) trial->judge.thin(trial->judge.capacity() / 2, keep);
}

void Steering::resize(std::uint64_t capacity) {
  options_.capacity = capacity;
  resize_judges();
}

void Steering::resize_judges() {
  for (auto& group : groups_) {
    if (group != nullptr) group->judge.resize(scaled(group->share));
  }
  for (auto& trial : trials_) trial->judge.resize(scaled(groups_[0]->share * origins_.share_of(trial->origin)));
}

void Steering::end_period() {
  samples_ = 0;
  end_trials();
  choose_trials();
  dissolve_small_groups();
  move_room_to_where_it_is_worth_most();
  resize_judges();
  origins_.halve();
  plan_parts();
}

void Steering::choose_trials() {
  for (const OriginTable::Place& place : origins_.all()) {
    if (origins_.share_of(place) < trial_share_min || trials_.size() == trials_max) continue;
    if (std::ranges::find(trials_, place.origin, [](const auto& trial) { return trial->origin; }) != trials_.end())
      continue;
    std::uint64_t capacity = scaled(groups_[0]->share * origins_.share_of(place));
    trials_.push_back(std::make_unique<Group>(place.origin, 0, options_.judging, capacity, groups_[0]->judge.leader()));
  }
}

// Those that like something else become groups; those that nobody asks for any more are forgotten.
void Steering::end_trials() {
  std::vector<std::unique_ptr<Group>> all = std::exchange(trials_, {});
  for (auto& trial : all) {
    Style general = groups_[0]->judge.leader();
    Style better = trial->judge.better_than(general);
    auto place = std::find(groups_.begin(), groups_.end(), nullptr);
    if (better != general && place != groups_.end()) {
      *place = split_off(std::move(trial), better);
    } else if (origins_.share_of(trial->origin) >= trial_share_min / 2) {
      trials_.push_back(std::move(trial));
    }
  }
}

std::unique_ptr<Steering::Group> Steering::split_off(std::unique_ptr<Group> trial, Style style) {
  trial->share = groups_[0]->share * std::min(origins_.share_of(trial->origin), 1 - group_share_min);
  groups_[0]->share -= trial->share;
  trial->judge.set_leader(style);
  trial->judge.measure_gain();
  for (auto& group : groups_) {
    if (group != nullptr) group->judge.measure_gain();
  }
  return trial;
}

void Steering::dissolve_small_groups() {
  for (std::size_t i = 1; i < groups_.size(); ++i) {
    if (groups_[i] == nullptr || groups_[i]->share >= group_share_min) continue;
    groups_[0]->share += groups_[i]->share;
    changes_before_ += groups_[i]->judge.changes();
    groups_[i].reset();
  }
}

void Steering::move_room_to_where_it_is_worth_most() {
  struct Worth {
    Group* group;
    double density = 0;  // hits for a unit of room more
    double variance = 0;
  };
  std::vector<Worth> all;
  for (auto& group : groups_) {
    if (group == nullptr) continue;
    double room = StyleJudge::larger_by * static_cast<double>(std::max<std::uint64_t>(group->judge.capacity(), 1));
    all.push_back({group.get(), group->judge.gain().weight / room, group->judge.gain().variance / (room * room)});
  }
  if (all.size() < 2) return;
  Worth most = *std::ranges::max_element(all, {}, &Worth::density);
  std::erase_if(all,
                [&](const Worth& one) { return one.group == groups_[0].get() && one.group->share <= group_share_min; });
  if (all.empty()) return;
  Worth least = *std::ranges::min_element(all, {}, &Worth::density);
  if (most.density - least.density <= options_.judging.deviations * std::sqrt(most.variance + least.variance)) return;
  double moved = step_share * least.group->share;
  least.group->share -= moved;
  most.group->share += moved;
  for (auto& group : groups_) {
    if (group != nullptr) group->judge.reset_gain();
  }
}

// What changes with every sample.
void Steering::plan_style(std::size_t number) {
  if (groups_[number] == nullptr) return;
  SteeringPlan::Group& planned = plan_.groups[number];
  const StyleJudge& judge = groups_[number]->judge;
  SteeringPlan::Group before = planned;
  planned.style = judge.leader();
  planned.window_share = judge.window_share();
  planned.keeps_first = judge.keeps_first();
  if (planned == before) return;
  ++plan_.version;
}

void Steering::plan_parts() {
  std::array<SteeringPlan::Group, SteeringPlan::groups_max> before = plan_.groups;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    plan_.groups[i] = {};
    if (groups_[i] == nullptr) continue;
    const StyleJudge& judge = groups_[i]->judge;
    plan_.groups[i] = {groups_[i]->origin, judge.leader(), judge.window_share(), judge.keeps_first(),
                       groups_[i]->share};
    plan_.group_count = std::max(plan_.group_count, i + 1);
  }
  if (plan_.groups == before) return;
  ++plan_.version;
  ++plan_.parts_version;
}

std::uint64_t Steering::style_changes() const {
  std::uint64_t sum = changes_before_;
  for (const auto& group : groups_) sum += group == nullptr ? 0 : group->judge.changes();
  return sum;
}

std::uint64_t Steering::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i] != nullptr) bytes += (i == 0 ? 0 : sizeof(Group)) + groups_[i]->judge.memory_bytes();
  }
  for (const auto& trial : trials_) bytes += sizeof(Group) + trial->judge.memory_bytes();
  return bytes;
}

}  // namespace shoal::cache
