// The clock of the server's policy, and the policy itself with its shadows, against models of them.
#include <array>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "shoal/cache/duel_policy.h"
#include "shoal/cache/naive_model.h"
#include "shoal/cache/worth_policy.h"

namespace shoal::cache {
namespace {

using testing::Item;
using testing::Queue;

/// ProbationClock as docs/CACHE.md tells it.
struct NaiveClock {
  double capacity;
  Style style;
  Queue window{}, main{}, b1{}, b2{};
  double target = 0;
  std::uint64_t requests = 0, next_era = 0, era = 0;
  bool keeps_first = false, evicted = false;
  std::set<std::uint64_t> first{};  // in the main part

  bool choosy() const { return style == Style::contest || style == Style::hold; }
  double weight() const { return window.weight() + main.weight(); }
  std::uint64_t count() const { return window.items().size() + main.items().size(); }
  double window_max() const {
    return style == Style::adaptive ? target : (style == Style::probation ? 0.1 : 0.01) * capacity;
  }
  std::uint64_t aged(std::uint64_t uses, std::uint64_t since) const {
    std::uint64_t eras = (era - since) & 0x7f;
    return eras > 7 ? 0 : uses >> eras;
  }
  void age(Item& item) const {
    item.uses = aged(item.uses, item.era);
    item.seen = aged(item.seen, item.era);
    item.era = era;
  }

  bool request(Item item) {
    for (Queue* queue : {&window, &main}) {
      if (!queue->has(item.key)) continue;
      std::uint64_t& uses = queue->at(item.key).uses;
      uses = std::min<std::uint64_t>(uses + 1, 255);
      ++requests;
      return true;
    }
    if (static_cast<double>(item.weight) > capacity) return false;
    if (++requests >= next_era) {
      next_era = requests + 10 * std::max<std::uint64_t>(count(), 16);
      era = (era + 1) & 0x7f;
    }
    bool known = recall(item);
    while (weight() + static_cast<double>(item.weight) > capacity) evict_one();
    (known && !choosy() ? main : window).push(item);
    trim();
    return false;
  }
  bool recall(Item& item) {
    item.uses = 1;
    item.era = era;
    bool known = false;
    for (Queue* ghosts : {&b1, &b2}) {
      if (!ghosts->has(item.key)) continue;
      known = true;
      const Item& ghost = ghosts->at(item.key);
      item.uses = std::min<std::uint64_t>(aged(ghost.uses, ghost.era) + 1, 255);
      double ratio = ghosts == &b1 ? b2.weight() / b1.weight() : b1.weight() / b2.weight();
      double step = static_cast<double>(item.weight) * std::clamp(ratio, 1.0, 10.0);
      target = ghosts == &b1 ? std::min(target + step, capacity) : std::max(target - step, 0.0);
      ghosts->take(item.key);
      break;
    }
    item.seen = item.uses;
    return known;
  }
  /// Turns until the oldest of the main part was not used since it was last passed.
  bool turn() {
    while (!main.empty()) {
      Item& oldest = main.items().front();
      age(oldest);
      std::uint64_t spared =
          std::min<std::uint64_t>(oldest.uses - std::min(oldest.seen, oldest.uses), choosy() ? 1 : 3);
      if (spared == 0) return true;
      oldest.seen = oldest.uses - spared + 1;
      first.erase(oldest.key);
      main.push(main.take_oldest());
    }
    return false;
  }
  void into_main() {
    Item item = window.take_oldest();
    item.seen = item.uses;
    main.push(item);
  }
  /// Whether the oldest of the main part came first, was not used, and may go.
  bool first_goes() {
    while (!keeps_first && !choosy() && !main.empty() && first.contains(main.items().front().key)) {
      Item& oldest = main.items().front();
      age(oldest);
      if (oldest.uses <= oldest.seen) return true;
      first.erase(oldest.key);
      oldest.seen = oldest.uses;
      main.push(main.take_oldest());
    }
    return false;
  }
  bool is_kept_as_first(const Item& candidate) const {
    return keeps_first && !evicted && requests <= count() + 1 + count() / 32 &&
           main.weight() + static_cast<double>(candidate.weight) < capacity - window_max();
  }
  void evict_from_main() {
    Item victim = main.take_oldest();
    (first.erase(victim.key) != 0 ? b1 : b2).push(victim);
  }
  void evict_one() {
    evict_which();
    evicted = true;
  }
  void evict_which() {
    if (first_goes()) return evict_from_main();
    while (true) {
      if (window.empty() || (!main.empty() && window.weight() <= window_max())) {
        turn();
        return evict_from_main();
      }
      Item& candidate = window.items().front();
      age(candidate);
      if (!choosy()) {
        if (candidate.uses <= candidate.seen) {
          if (!is_kept_as_first(candidate)) return b1.push(window.take_oldest());
          first.insert(candidate.key);
        }
        into_main();
        continue;
      }
      bool full = turn() && main.weight() + static_cast<double>(candidate.weight) >= capacity - window_max();
      if (!full) {
        into_main();
      } else if (style == Style::hold || candidate.uses <= main.items().front().uses + 1) {
        return b1.push(window.take_oldest());
      } else {
        evict_from_main();
        return into_main();
      }
    }
  }
  void trim() {
    if (style == Style::adaptive) {
      while (!b1.empty() && window.weight() + b1.weight() > capacity) b1.take_oldest();
      while (!b2.empty() && weight() + b1.weight() + b2.weight() > 2 * capacity) b2.take_oldest();
      return;
    }
    double limit = choosy() ? 2 * capacity : capacity;
    while (b1.weight() + b2.weight() > limit)
      (b2.weight() > std::floor(limit / 2) || b1.empty() ? b2 : b1).take_oldest();
  }
  void remove(std::uint64_t key) {
    for (Queue* queue : {&window, &main, &b1, &b2}) queue->take(key);
    first.erase(key);
  }
};

/// DuelPolicy of one group whose shadows see every key.
struct NaiveDuel {
  struct Credit {
    double weight = 0, variance = 0;
  };
  struct Ledger {
    double turns;
    std::array<std::array<Credit, style_count>, style_count> credit{};
    std::array<std::uint64_t, style_count> hits{};
  };
  double capacity;
  NaiveClock real{capacity, Style::probation};
  std::array<NaiveClock, style_count> shadows{
      {{capacity, Style::adaptive}, {capacity, Style::probation}, {capacity, Style::contest}, {capacity, Style::hold}}};
  std::array<Ledger, 2> ledgers{{{4}, {64}}};
  bool hold_was_beaten = false;

  bool request(Item item) {
    bool hit = real.window.has(item.key) || real.main.has(item.key);
    if (hit) real.request(item);
    judge(item);
    if (!hit) real.request(item);
    return hit;
  }
  void judge(const Item& item) {
    auto w = static_cast<double>(item.weight);
    std::array<bool, style_count> hit;
    std::uint64_t entries = 0;
    for (std::size_t i = 0; i < style_count; ++i) {
      hit[i] = shadows[i].request(item);
      entries = std::max(entries, shadows[i].count());
    }
    for (Ledger& ledger : ledgers) {
      for (std::size_t a = 0; a < style_count; ++a) {
        ledger.hits[a] += hit[a] ? 1 : 0;
        for (std::size_t b = 0; b < style_count; ++b) {
          if (hit[a] == hit[b]) continue;
          ledger.credit[a][b].weight += hit[a] ? w : -w;
          ledger.credit[a][b].variance += w * w;
        }
      }
    }
    auto& credit = ledgers[0].credit;
    auto leader = static_cast<std::size_t>(real.style);
    const Credit& against_hold = credit[leader][static_cast<std::size_t>(Style::hold)];
    hold_was_beaten |= against_hold.weight > 2 * std::sqrt(against_hold.variance);
    real.keeps_first = !hold_was_beaten;
    std::size_t best = leader;
    double most = 2;
    for (std::size_t i = 0; i < style_count; ++i) {
      double price = 0.15 * capacity;
      const Credit& recent = credit[i][leader];
      bool is_small = recent.weight > std::sqrt(recent.variance) && recent.weight <= price;
      const Credit& decisive = is_small ? ledgers[1].credit[i][leader] : recent;
      double paid = decisive.weight - price;
      if (paid <= 0 || paid / std::sqrt(decisive.variance) <= most) continue;
      most = paid / std::sqrt(decisive.variance);
      best = i;
    }
    real.style = static_cast<Style>(best);
    restart_hold(best);
    for (Ledger& ledger : ledgers) {
      double most_hits = static_cast<double>(*std::ranges::max_element(ledger.hits));
      if (most_hits <= ledger.turns * std::max(128.0, static_cast<double>(entries))) continue;
      for (auto& row : ledger.credit)
        for (Credit& one : row) one = {one.weight / 2, one.variance / 2};
      for (std::uint64_t& count : ledger.hits) count /= 2;
    }
    real.target = std::min(1.0, shadows[0].target / capacity) * capacity;
  }
  void restart_hold(std::size_t leader) {
    constexpr std::size_t hold = style_count - 1;
    if (leader == hold || ledgers[0].credit[leader][hold].weight <= 4 * capacity) return;
    shadows[hold].window = shadows[hold].main = {};
    shadows[hold].trim();
    for (Ledger& ledger : ledgers)
      for (std::size_t i = 0; i < style_count; ++i) ledger.credit[i][hold] = ledger.credit[hold][i] = {};
  }
  void remove(std::uint64_t key) {
    real.remove(key);
    for (NaiveClock& shadow : shadows) shadow.remove(key);
  }
};

/// WorthPolicy: the least by what it was worth when last looked at, the longest there among equals.
struct NaiveWorth {
  double capacity;
  Queue all{};
  double inflation = 0;

  bool request(Item item) {
    if (all.has(item.key)) {
      Item& known = all.at(item.key);
      ++known.uses;
      known.era = 1;
      return true;
    }
    while (all.weight() + static_cast<double>(item.weight) > capacity) evict_one();
    item.uses = 1;
    rank(item);
    return false;
  }
  void rank(Item item) {
    item.rank = inflation + static_cast<double>(item.uses) / static_cast<double>(item.weight);
    item.era = 0;
    all.push(item);
  }
  void evict_one() {
    while (true) {
      Item least = *std::ranges::min_element(all.items(), {}, &Item::rank);
      all.take(least.key);
      if (least.era == 0) {
        inflation = std::max(inflation, least.rank);
        return;
      }
      rank(least);
    }
  }
  void remove(std::uint64_t key) { all.take(key); }
};

TEST(NaiveDuelTest, EachStyleOfTheClockDecidesAsItsModel) {
  class Clock : public ProbationClock {
   public:
    explicit Clock(std::pair<std::uint64_t, Style> options) : ProbationClock(options.first, options.second) {}
  };
  for (Style style : {Style::adaptive, Style::probation, Style::contest, Style::hold}) {
    SCOPED_TRACE(to_string(style));
    testing::expect_same_decisions<Clock>([=](std::uint64_t capacity) { return std::pair(capacity, style); },
                                          [=](double capacity) { return NaiveClock{capacity, style}; });
  }
}

TEST(NaiveDuelTest, DuelDecidesAsItsModel) {
  testing::expect_same_decisions<DuelPolicy>(
      [](std::uint64_t capacity) { return DuelPolicy::Options{.capacity = capacity}; },
      [](double capacity) { return NaiveDuel{capacity}; });
}

TEST(NaiveDuelTest, WorthDecidesAsItsModel) {
  testing::expect_same_decisions<WorthPolicy>(
      [](std::uint64_t capacity) { return WorthPolicy::Options{.capacity = capacity}; },
      [](double capacity) { return NaiveWorth{capacity}; });
}

}  // namespace
}  // namespace shoal::cache
