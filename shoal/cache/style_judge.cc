#include "shoal/cache/style_judge.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace shoal::cache {
namespace {

constexpr double hits_per_turn_min = 128;  // however small the shadow

std::size_t index_of(Style style) { return static_cast<std::size_t>(style); }

}  // namespace

StyleJudge::StyleJudge(Options options, std::uint64_t capacity, Style first)
    : options_(options),
      leader_(first),
      shadows_{ShadowCache(capacity, Style::adaptive), ShadowCache(capacity, Style::probation),
               ShadowCache(capacity, Style::contest), ShadowCache(capacity, Style::hold)} {}

void StyleJudge::request(std::uint64_t hash, std::uint32_t weight) {
  std::array<bool, style_count> hit;
  for (std::size_t i = 0; i < style_count; ++i) {
    hit[i] = shadows_[i].request(hash, weight);
  }
  if (larger_) {
    bool more = larger_->request(hash, weight);
    if (more != hit[index_of(leader_)]) {
      gain_.weight += more ? weight : -static_cast<double>(weight);
      gain_.variance += static_cast<double>(weight) * weight;
    }
  }
  recent_.count(hit);
  long_.count(hit);
  // Most requests are hit by all styles or by none, which moves no credit.
  bool moves_credit = std::ranges::adjacent_find(hit, std::not_equal_to()) != hit.end();
  if (moves_credit) {
    recent_.move_credit(hit, weight);
    long_.move_credit(hit, weight);
  }
  if (moves_credit || !std::exchange(is_judged_, true)) judge();
  forget_old_credit();
}

void StyleJudge::judge() {
  const Credit& against_hold = recent_.of(leader_, Style::hold);
  hold_was_beaten_ |= against_hold.weight > options_.deviations * std::sqrt(against_hold.variance);
  set_leader(better_than(leader_));
  restart_what_stands_for_nothing();
}

void StyleJudge::Ledger::count(const std::array<bool, style_count>& hit) {
  for (std::size_t one = 0; one < style_count; ++one) hits[one] += hit[one] ? 1 : 0;
}

void StyleJudge::Ledger::move_credit(const std::array<bool, style_count>& hit, double weight) {
  for (std::size_t one = 0; one < style_count; ++one) {
    for (std::size_t other = 0; other < style_count; ++other) {
      if (hit[one] == hit[other]) continue;
      credit[one][other].weight += hit[one] ? weight : -weight;
      credit[one][other].variance += weight * weight;
    }
  }
}

bool StyleJudge::Ledger::halve_after(double hits_max) {
  if (static_cast<double>(*std::ranges::max_element(hits)) <= hits_max) return false;
  for (auto& row : credit)
    for (Credit& one : row) one = {one.weight / 2, one.variance / 2};
  for (std::uint64_t& count : hits) count /= 2;
  return true;
}

const StyleJudge::Credit& StyleJudge::Ledger::of(Style one, Style against) const {
  return credit[index_of(one)][index_of(against)];
}

void StyleJudge::Ledger::forget(Style style) {
  for (std::size_t i = 0; i < style_count; ++i) credit[i][index_of(style)] = credit[index_of(style)][i] = {};
}

Style StyleJudge::better_than(Style style) const {
  Style best = style;
  double best_deviations = options_.deviations;
  double exchange = options_.exchange_share * static_cast<double>(capacity());
  for (std::size_t i = 0; i < style_count; ++i) {
    auto candidate = static_cast<Style>(i);
    const Credit& recent = recent_.of(candidate, style);
    bool is_small = recent.weight > std::sqrt(recent.variance) && recent.weight <= exchange;
    const Credit& credit = is_small ? long_.of(candidate, style) : recent;
    if (credit.weight <= exchange) continue;
    double deviations = (credit.weight - exchange) / std::sqrt(credit.variance);
    if (deviations <= best_deviations) continue;
    best = candidate;
    best_deviations = deviations;
  }
  return best;
}

void StyleJudge::set_leader(Style style) {
  if (style == leader_) return;
  leader_ = style;
  is_judged_ = false;
  ++changes_;
  if (larger_) larger_->set_style(style);
}

// A cache that stands still cannot follow when others are asked for. When it lost so often its contents to the leader,
// its shadow begins again with what comes now.
void StyleJudge::restart_what_stands_for_nothing() {
  double lost = recent_.of(leader_, Style::hold).weight;
  if (leader_ == Style::hold || lost <= options_.memory_turns * static_cast<double>(capacity())) return;
  shadows_[index_of(Style::hold)].thin(capacity(), [](std::uint64_t) { return false; });
  recent_.forget(Style::hold);
  long_.forget(Style::hold);
  is_judged_ = false;
}

void StyleJudge::forget_old_credit() {
  double turn = std::max(hits_per_turn_min, static_cast<double>(entries_max()));
  if (recent_.halve_after(options_.memory_turns * turn)) is_judged_ = false;
  if (long_.halve_after(options_.long_memory_turns * turn)) is_judged_ = false;
}

void StyleJudge::forget(std::uint64_t hash) {
  for (ShadowCache& shadow : shadows_) shadow.forget(hash);
  if (larger_) larger_->forget(hash);
}

void StyleJudge::resize(std::uint64_t capacity) {
  if (capacity == this->capacity()) return;
  is_judged_ = false;
  for (ShadowCache& shadow : shadows_) shadow.resize(capacity);
  if (larger_) larger_->resize(enlarged(capacity));
}

double StyleJudge::window_share() const {
  if (capacity() == 0) return 0;
  return std::min(1.0, shadow_of(Style::adaptive).clock().adaptive_target() / static_cast<double>(capacity()));
}

void StyleJudge::measure_gain() {
  if (!larger_) larger_.emplace(enlarged(capacity()), leader_);
  gain_ = {};
}

std::uint64_t StyleJudge::entries_max() const {
  std::uint64_t most = 0;
  for (const ShadowCache& shadow : shadows_) most = std::max(most, shadow.count());
  return most;
}

std::uint64_t StyleJudge::memory_bytes() const {
  std::uint64_t bytes = larger_ ? larger_->memory_bytes() : 0;
  for (const ShadowCache& shadow : shadows_) bytes += shadow.memory_bytes();
  return bytes;
}

}  // namespace shoal::cache
