#include "shoal/cache/duel_policy.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal::cache {

std::uint64_t DuelPolicy::shadow_entries_for_bytes(std::uint64_t capacity) {
  constexpr std::uint64_t capacity_per_shadow_entry = 32 << 10;
  constexpr std::uint64_t entries_min = 16;
  return std::clamp(capacity / capacity_per_shadow_entry, entries_min, Options().shadow_entries_max);
}

DuelPolicy::DuelPolicy(Options options) : options_(std::move(options)), capacity_(options_.capacity) {
  Steering::Options steering{
      .capacity = capacity_, .shadow_entries_max = options_.shadow_entries_max, .judging = options_.judging};
  clocks_.push_back(std::make_unique<ProbationClock>(capacity_, Style::probation));
  if (options_.is_shard) {
    samples_.reserve(options_.shadow_entries_max);
    follow(Steering(steering).plan());
  } else {
    steering_ = std::make_unique<Steering>(steering);
    follow(steering_->plan());
  }
}

void DuelPolicy::learn(const Sample& sample) {
  if (steering_ == nullptr) {
    if (samples_.size() < samples_.capacity()) samples_.push_back(sample);
    return;
  }
  steering_->learn(sample);
  if (steering_->plan().version != plan_.version) follow(steering_->plan());
}

std::vector<Sample> DuelPolicy::take_samples() {
  std::vector<Sample> taken = samples_;
  samples_.clear();
  return taken;
}

void DuelPolicy::follow(const SteeringPlan& plan) {
  if (plan.parts_version != plan_.parts_version) capacity_divided_ = false;
  plan_ = plan;
  for (std::size_t i = 0; i < plan.group_count; ++i) {
    const SteeringPlan::Group& group = plan.groups[i];
    if (i == clocks_.size()) clocks_.push_back(std::make_unique<ProbationClock>(0, group.style));
    if (group.share == 0) continue;
    clocks_[i]->set_style(group.style);
    clocks_[i]->set_keeps_first(group.keeps_first);
    clocks_[i]->set_adaptive_target(group.window_share * static_cast<double>(clocks_[i]->capacity()));
  }
}

// What must shrink first; then what may grow, as far as there is room that nothing pinned holds.
void DuelPolicy::divide_capacity(Evict evict) {
  auto part_of = [this](std::size_t i) {
    return static_cast<std::uint64_t>(plan_.groups[i].share * static_cast<double>(capacity_));
  };
  std::uint64_t parts = 0;
  for (std::size_t i = 1; i < clocks_.size(); ++i) parts += part_of(i);
  auto wanted = [&](std::size_t i) { return i == 0 ? capacity_ - std::min(capacity_, parts) : part_of(i); };
  auto held = [this](std::size_t i) { return std::max(clocks_[i]->capacity(), clocks_[i]->weight()); };
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < clocks_.size(); ++i) {
    // What was pinned above the capacity may be evictable now.
    if (wanted(i) < held(i)) clocks_[i]->resize(wanted(i), evict);
    taken += held(i);
  }
  capacity_divided_ = true;
  for (std::size_t i = 0; i < clocks_.size(); ++i) {
    if (clocks_[i]->capacity() == wanted(i)) continue;
    std::uint64_t before = held(i);
    std::uint64_t part = std::min(wanted(i), before + (capacity_ - std::min(capacity_, taken)));
    clocks_[i]->resize(part, evict);
    taken += held(i) - before;
    capacity_divided_ &= part == wanted(i);
  }
}

Admission DuelPolicy::admit(Node& node, Evict evict) {
  std::uint64_t origin = origin_of(node);
  if (plan_.samples(node.hash)) learn({node.hash, origin, node.weight});
  if (!capacity_divided_) divide_capacity(evict);
  node.group = static_cast<std::uint8_t>(origin == 0 ? 0 : plan_.group_of(origin));
  ProbationClock& clock = clock_of(node);
  if (node.weight > clock.capacity() && node.weight <= capacity_) {
    ++refusals_;
    return Admission::refused_unworthy;  // of all that its group has
  }
  return clock.admit(node, evict);
}

void DuelPolicy::forget(std::uint64_t hash) {
  for (auto& clock : clocks_) clock->forget(hash);
  if (plan_.samples(hash)) learn({.hash = hash});
}

void DuelPolicy::resize(std::uint64_t capacity, Evict evict) {
  capacity_ = capacity;
  divide_capacity(evict);
  if (steering_ == nullptr) return;
  steering_->resize(capacity);
  follow(steering_->plan());
}

std::uint64_t DuelPolicy::reclaim(std::uint64_t wanted, Evict evict) {
  auto free = [this] { return capacity_ - std::min(capacity_, weight()); };
  // From the largest first.
  std::vector<ProbationClock*> order;
  for (auto& clock : clocks_) order.push_back(clock.get());
  std::ranges::sort(order, std::ranges::greater(), &ProbationClock::weight);
  for (ProbationClock* clock : order) {
    std::uint64_t missing = wanted - std::min(wanted, free());
    clock->reclaim(clock->capacity() - std::min(clock->capacity(), clock->weight()) + missing, evict);
  }
  return free();
}

std::uint64_t DuelPolicy::memory_bytes() const {
  return sum(&ProbationClock::memory_bytes) + samples_.capacity() * sizeof(Sample) +
         (steering_ == nullptr ? 0 : steering_->memory_bytes());
}

PolicyStats DuelPolicy::stats() const {
  PolicyStats stats;
  for (const auto& clock : clocks_) stats.add(clock->stats());
  stats.refusals += refusals_;
  stats.memory_bytes = memory_bytes();
  return stats;
}

std::string_view DuelPolicy::list_name(const Node& node) {
  if (node.group == 0 || !node.resident()) return ProbationClock::list_name(node);
  return node.list == recent_list ? "window of its prefix" : "main of its prefix";
}

PolicySnapshot DuelPolicy::snapshot() const {
  PolicySnapshot all = clocks_[0]->snapshot(name);
  for (std::size_t i = 1; i < clocks_.size(); ++i) {
    PolicySnapshot one = clocks_[i]->snapshot(name);
    all.entries.insert(all.entries.end(), one.entries.begin(), one.entries.end());
  }
  all.capacity = capacity_;
  // Residents before ghosts, hot lists before cold ones.
  auto rank_of = [](const PolicySnapshot::Entry& entry) {
    return (entry.ghost() ? 2 : 0) + ((entry.list & frequent_list) != 0 ? 0 : 1);
  };
  std::vector<PolicySnapshot::Entry> mixed = std::exchange(all.entries, {});
  for (int rank = 0; rank < 4; ++rank) {
    std::ranges::copy_if(mixed, std::back_inserter(all.entries),
                         [&](const PolicySnapshot::Entry& entry) { return rank_of(entry) == rank; });
  }
  return all;
}

}  // namespace shoal::cache
