#include "shoal/cache/duel_policy.h"

#include <algorithm>
#include <cmath>

namespace shoal::cache {
namespace {

constexpr Style first_style = Style::probation;  // the one whose worst case is mildest
constexpr double hits_min = 512;                 // before credit is halved, however small the shadow

std::size_t index_of(Style style) { return static_cast<std::size_t>(style); }

}  // namespace

DuelPolicy::Options DuelPolicy::for_bytes(std::uint64_t capacity) {
  constexpr std::uint64_t capacity_per_shadow_entry = 32 << 10;
  constexpr std::uint64_t entries_min = 256;
  Options options;
  options.capacity = capacity;
  options.shadow_entries_max =
      std::clamp(capacity / capacity_per_shadow_entry, entries_min, options.shadow_entries_max);
  return options;
}

DuelPolicy::DuelPolicy(Options options)
    : options_(options),
      clock_(options.capacity, first_style),
      shadows_{ShadowCache(options.capacity, Style::adaptive), ShadowCache(options.capacity, Style::probation),
               ShadowCache(options.capacity, Style::contest)} {}

void DuelPolicy::duel(const Node& node) {
  std::array<bool, style_count> hit;
  for (std::size_t i = 0; i < style_count; ++i) {
    hit[i] = shadows_[i].request(node.hash, node.weight);
    hits_[i] += hit[i] ? 1 : 0;
  }
  keep_score(hit, node.weight);
  thin_shadows();
  choose_leader();
  const ProbationClock& adaptive = shadows_[index_of(Style::adaptive)].clock();
  clock_.set_adaptive_target(std::min(std::ldexp(adaptive.adaptive_target(), static_cast<int>(sample_shift_)),
                                      static_cast<double>(capacity())));
  forget_old_credit();
}

void DuelPolicy::keep_score(const std::array<bool, style_count>& hit, double weight) {
  for (std::size_t one = 0; one < style_count; ++one) {
    for (std::size_t other = 0; other < style_count; ++other) {
      if (hit[one] == hit[other]) continue;
      credit_[one][other].weight += hit[one] ? weight : -weight;
      credit_[one][other].variance += weight * weight;
    }
  }
}

// Halves the sample whenever the shadows hold too much; then, as before, they have the same share of keys and of
// capacity.
void DuelPolicy::thin_shadows() {
  auto too_many = [&](const ShadowCache& shadow) { return shadow.count() > options_.shadow_entries_max; };
  if (std::none_of(shadows_.begin(), shadows_.end(), too_many)) return;
  ++sample_shift_;
  for (ShadowCache& shadow : shadows_)
    shadow.thin(capacity() >> sample_shift_, [&](std::uint64_t hash) { return sampled(hash); });
}

void DuelPolicy::choose_leader() {
  std::size_t leader = index_of(clock_.style());
  std::size_t best = leader;
  double best_deviations = options_.deviations;
  double exchange =
      options_.exchange_share * std::ldexp(static_cast<double>(capacity()), -static_cast<int>(sample_shift_));
  for (std::size_t i = 0; i < style_count; ++i) {
    const Credit& credit = credit_[i][leader];
    if (credit.weight <= exchange) continue;
    double deviations = (credit.weight - exchange) / std::sqrt(credit.variance);
    if (deviations <= best_deviations) continue;
    best = i;
    best_deviations = deviations;
  }
  if (best == leader) return;
  clock_.set_style(static_cast<Style>(best));
  ++style_changes_;
}

void DuelPolicy::forget_old_credit() {
  std::uint64_t entries = 0;
  for (const ShadowCache& shadow : shadows_) entries = std::max(entries, shadow.count());
  double most_hits = static_cast<double>(*std::max_element(hits_.begin(), hits_.end()));
  if (most_hits <= std::max(hits_min, options_.memory_turns * static_cast<double>(entries))) return;
  for (auto& row : credit_)
    for (Credit& credit : row) credit = {credit.weight / 2, credit.variance / 2};
  for (std::uint64_t& hits : hits_) hits /= 2;
}

void DuelPolicy::forget(std::uint64_t hash) {
  clock_.forget(hash);
  if (!sampled(hash)) return;
  for (ShadowCache& shadow : shadows_) shadow.forget(hash);
}

void DuelPolicy::resize(std::uint64_t capacity_wanted, Evict evict) {
  clock_.resize(capacity_wanted, evict);
  for (ShadowCache& shadow : shadows_) shadow.resize(capacity_wanted >> sample_shift_);
}

PolicyStats DuelPolicy::stats() const {
  PolicyStats stats = clock_.stats();
  for (const ShadowCache& shadow : shadows_) stats.memory_bytes += shadow.memory_bytes();
  return stats;
}

}  // namespace shoal::cache
