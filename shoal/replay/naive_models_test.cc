// Each baseline against a model of the same policy that is written without lists in nodes, hash tables or heaps: it
// looks through everything at every step.
#include <algorithm>
#include <cmath>
#include <optional>

#include <gtest/gtest.h>

#include "shoal/cache/naive_model.h"
#include "shoal/replay/car_policy.h"
#include "shoal/replay/gdsf_policy.h"
#include "shoal/replay/lfu_policy.h"
#include "shoal/replay/lirs_policy.h"
#include "shoal/replay/lru_policy.h"
#include "shoal/replay/s3fifo_policy.h"
#include "shoal/replay/sieve_policy.h"
#include "shoal/replay/two_q_policy.h"
#include "shoal/replay/wtinylfu_policy.h"

namespace shoal::replay {
namespace {

using cache::testing::Item;
using cache::testing::Queue;

template <bool moves_on_hit>
struct NaiveOneList {
  double capacity;
  Queue all;

  bool request(Item item) {
    if (all.has(item.key)) {
      if (moves_on_hit) all.push(*all.take(item.key));
      return true;
    }
    while (all.weight() + static_cast<double>(item.weight) > capacity) all.take_oldest();
    all.push(item);
    return false;
  }
  void remove(std::uint64_t key) { all.take(key); }
};

// The least of all by rank, the one that came to its rank first among equals.
struct NaiveRanked {
  double capacity;
  Queue all;  // in the order in which they came to their ranks
  bool by_worth;
  double inflation = 0;

  double rank_of(const Item& item) const {
    auto uses = static_cast<double>(item.uses);
    return by_worth ? inflation + uses / static_cast<double>(item.weight) : uses;
  }
  bool request(Item item) {
    std::optional<Item> known = all.take(item.key);
    if (known) item = *known;
    ++item.uses;
    while (all.weight() + static_cast<double>(item.weight) > capacity) {
      auto least = std::min_element(all.items().begin(), all.items().end(),
                                    [](const Item& a, const Item& b) { return a.rank < b.rank; });
      inflation = least->rank;
      all.take(least->key);
    }
    item.rank = rank_of(item);
    all.push(item);
    return known.has_value();
  }
  void remove(std::uint64_t key) { all.take(key); }
};

struct NaiveSieve {
  double capacity;
  Queue all;
  std::size_t hand = 0;

  bool request(Item item) {
    if (all.has(item.key)) {
      all.at(item.key).uses = 1;
      return true;
    }
    while (all.weight() + static_cast<double>(item.weight) > capacity) {
      auto& items = all.items();
      for (; items[hand].uses != 0; hand = (hand + 1) % items.size()) items[hand].uses = 0;
      all.take(items[hand].key);
      if (hand == items.size()) hand = 0;
    }
    // At the newest end the hand has started again; what comes in behind it is not looked at first.
    all.push(item);
    return false;
  }
  void remove(std::uint64_t key) {
    std::size_t index = all.index_of(key);
    if (!all.take(key)) return;
    if (index < hand) --hand;
    if (hand >= all.items().size()) hand = 0;
  }
};

struct NaiveTwoQ {
  double capacity;
  Queue in, frequent, ghosts;

  double limit(double parts) const { return static_cast<double>(static_cast<std::uint64_t>(capacity / parts)); }
  bool request(Item item) {
    if (in.has(item.key)) return true;
    if (auto known = frequent.take(item.key)) {
      frequent.push(*known);
      return true;
    }
    bool remembered = ghosts.take(item.key).has_value();
    while (in.weight() + frequent.weight() + static_cast<double>(item.weight) > capacity) {
      if (in.weight() > limit(4) || frequent.empty()) {
        ghosts.push(in.take_oldest());
      } else {
        frequent.take_oldest();
      }
    }
    (remembered ? frequent : in).push(item);
    while (ghosts.weight() > limit(2)) ghosts.take_oldest();
    return false;
  }
  void remove(std::uint64_t key) {
    for (Queue* queue : {&in, &frequent, &ghosts}) queue->take(key);
  }
};

struct NaiveS3Fifo {
  double capacity;
  Queue small, main, ghosts;
  bool full = false;

  double tenth() const { return static_cast<double>(static_cast<std::uint64_t>(capacity) / 10); }
  bool request(Item item) {
    for (Queue* queue : {&small, &main}) {
      if (!queue->has(item.key)) continue;
      std::uint64_t& uses = queue->at(item.key).uses;
      uses = std::min<std::uint64_t>(uses + 1, 3);
      return true;
    }
    bool remembered = ghosts.take(item.key).has_value();
    while (small.weight() + main.weight() + static_cast<double>(item.weight) > capacity) evict_one();
    bool filling = !full && small.weight() >= tenth();
    (remembered || filling ? main : small).push(item);
    while (ghosts.weight() > capacity - tenth()) ghosts.take_oldest();
    return false;
  }
  void evict_one() {
    for (;;) {
      bool from_main = main.weight() > capacity - tenth() || small.empty();
      Item item = (from_main ? main : small).take_oldest();
      if (from_main ? item.uses == 0 : item.uses < 2) {
        if (!from_main) ghosts.push(item);
        full = true;
        return;
      }
      if (from_main) --item.uses;
      main.push(item);
    }
  }
  void remove(std::uint64_t key) {
    for (Queue* queue : {&small, &main, &ghosts}) queue->take(key);
  }
};

// Figure 2 of the paper, with weights.
struct NaiveCar {
  double capacity;
  Queue t1, t2, b1, b2;
  double p = 0;

  bool request(Item item) {
    for (Queue* clock : {&t1, &t2}) {
      if (!clock->has(item.key)) continue;
      clock->at(item.key).uses = 1;
      return true;
    }
    auto weight = static_cast<double>(item.weight);
    bool recent = b1.has(item.key);
    bool frequent = b2.has(item.key);
    if (recent) p = std::min(capacity, p + weight * std::max(1.0, b2.weight() / b1.weight()));
    if (frequent) p = std::max(0.0, p - weight * std::max(1.0, b1.weight() / b2.weight()));
    b1.take(item.key);
    b2.take(item.key);
    while (t1.weight() + t2.weight() + weight > capacity) replace();
    if (!recent && !frequent) trim_ghosts(weight);
    (recent || frequent ? t2 : t1).push(item);
    trim_ghosts(0);
    return false;
  }
  void replace() {
    for (;;) {
      bool from_t1 = !t1.empty() && (t1.weight() >= std::max(1.0, p) || t2.empty());
      Item item = (from_t1 ? t1 : t2).take_oldest();
      if (item.uses == 0) return (from_t1 ? b1 : b2).push(item);
      item.uses = 0;
      t2.push(item);
    }
  }
  void trim_ghosts(double coming) {
    while (!b1.empty() && t1.weight() + b1.weight() + coming > capacity) b1.take_oldest();
    auto total = [&] { return t1.weight() + t2.weight() + b1.weight() + b2.weight() + coming; };
    while (!b2.empty() && total() > 2 * capacity) b2.take_oldest();
    while (!b1.empty() && total() > 2 * capacity) b1.take_oldest();
  }
  void remove(std::uint64_t key) {
    for (Queue* queue : {&t1, &t2, &b1, &b2}) queue->take(key);
    trim_ghosts(0);
  }
};

// The stack of recency as one vector, oldest first; `rank` 1: LIR, 2: resident HIR, 3: HIR that left.
struct NaiveLirs {
  static constexpr double lir = 1, hir = 2, gone = 3;
  double capacity;
  Queue stack;   // the states of all keys that were seen lately
  Queue queue;   // resident HIR
  Queue left{};  // of the stack, those that left, in the order in which they did

  double lir_max() const { return std::max(1.0, capacity - std::max(1.0, std::floor(capacity / 100))); }
  double lir_weight() const {
    double sum = 0;
    for (const Item& item : stack.items()) sum += item.rank == lir ? static_cast<double>(item.weight) : 0;
    return sum;
  }
  std::uint64_t lir_count() const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(stack.items(), [](const Item& item) { return item.rank == lir; }));
  }
  void prune() {
    while (!stack.empty() && stack.items().front().rank != lir) left.take(stack.take_oldest().key);
  }
  void see(Item item, double state) {
    item.rank = state;
    stack.push(item);
  }
  void demote_oldest() {
    prune();
    if (stack.empty()) return;
    Item oldest = stack.take_oldest();
    queue.push(oldest);
    prune();
  }
  void demote_what_is_too_much() {
    while (lir_weight() > lir_max() && lir_count() > 1) demote_oldest();
  }
  bool request(Item item) {
    bool in_queue = queue.has(item.key);
    std::optional<Item> seen = stack.take(item.key);
    if (seen && seen->rank == lir) {
      see(*seen, lir);
      prune();
      return true;
    }
    if (in_queue && seen) {
      queue.take(item.key);
      see(item, lir);
      demote_what_is_too_much();
      prune();
      return true;
    }
    if (in_queue) {
      queue.push(*queue.take(item.key));
      see(item, hir);
      return true;
    }
    left.take(item.key);
    while (lir_weight() + queue.weight() + static_cast<double>(item.weight) > capacity) evict_one();
    if (seen || lir_weight() + static_cast<double>(item.weight) <= lir_max()) {
      see(item, lir);
      if (lir_weight() > lir_max()) demote_what_is_too_much();
    } else {
      see(item, hir);
      queue.push(item);
    }
    trim();
    return false;
  }
  void evict_one() {
    while (queue.empty() && lir_count() > 0) demote_oldest();
    Item item = queue.take_oldest();
    if (!stack.has(item.key)) return;
    stack.at(item.key).rank = gone;
    left.push(item);
    prune();
  }
  void trim() {
    while (left.weight() > 2 * capacity) stack.take(left.take_oldest().key);
  }
  void remove(std::uint64_t key) {
    stack.take(key);
    queue.take(key);
    left.take(key);
    prune();
    trim();
  }
};

// With a window that stays; counts with the same sketch.
struct NaiveWTinyLfu {
  double capacity;
  Queue window, probation, protect;
  FrequencySketch sketch{};

  double window_max() const { return std::max(0.01 * capacity, 1.0); }
  std::uint64_t count() const { return window.items().size() + probation.items().size() + protect.items().size(); }
  double weight() const { return window.weight() + probation.weight() + protect.weight(); }
  bool request(Item item) {
    sketch.increment(cache::testing::mix(item.key));
    if (window.has(item.key)) {
      window.push(*window.take(item.key));
      return true;
    }
    if (protect.has(item.key)) {
      protect.push(*protect.take(item.key));
      return true;
    }
    if (auto known = probation.take(item.key)) {
      protect.push(*known);
      while (protect.weight() > 0.8 * (capacity - 0.01 * capacity) && protect.items().size() > 1)
        probation.push(protect.take_oldest());
      return true;
    }
    while (weight() + static_cast<double>(item.weight) > capacity) evict_one();
    double before = weight();
    window.push(item);
    sketch.ensure(count());
    while (window.weight() > window_max() && window.items().size() > 1 &&
           before + static_cast<double>(item.weight) < capacity)
      probation.push(window.take_oldest());
    return false;
  }
  void evict_one() {
    Queue* incumbents = !probation.empty() ? &probation : !protect.empty() ? &protect : nullptr;
    if (incumbents != nullptr && (window.empty() || window.weight() < window_max())) {
      incumbents->take_oldest();
      return;
    }
    if (incumbents == nullptr || estimate(window) <= estimate(*incumbents)) {
      window.take_oldest();
      return;
    }
    incumbents->take_oldest();
    probation.push(window.take_oldest());
    return;
  }
  unsigned estimate(const Queue& queue) const {
    return sketch.estimate(cache::testing::mix(queue.items().front().key));
  }
  void remove(std::uint64_t key) {
    for (Queue* queue : {&window, &probation, &protect}) queue->take(key);
  }
};

template <typename Policy, typename MakeModel>
void expect_same_decisions(MakeModel make_model) {
  cache::testing::expect_same_decisions<Policy>([](std::uint64_t capacity) { return capacity; }, make_model);
}

TEST(NaiveModelsTest, Lru) {
  expect_same_decisions<LruPolicy>([](double capacity) { return NaiveOneList<true>{capacity, {}}; });
}
TEST(NaiveModelsTest, Fifo) {
  expect_same_decisions<FifoPolicy>([](double capacity) { return NaiveOneList<false>{capacity, {}}; });
}
TEST(NaiveModelsTest, Lfu) {
  expect_same_decisions<LfuPolicy>([](double capacity) { return NaiveRanked{capacity, {}, false}; });
}
TEST(NaiveModelsTest, Gdsf) {
  expect_same_decisions<GdsfPolicy>([](double capacity) { return NaiveRanked{capacity, {}, true}; });
}
TEST(NaiveModelsTest, Sieve) {
  expect_same_decisions<SievePolicy>([](double capacity) { return NaiveSieve{capacity, {}}; });
}
TEST(NaiveModelsTest, TwoQ) {
  expect_same_decisions<TwoQPolicy>([](double capacity) { return NaiveTwoQ{capacity, {}, {}, {}}; });
}
TEST(NaiveModelsTest, S3Fifo) {
  expect_same_decisions<S3FifoPolicy>([](double capacity) { return NaiveS3Fifo{capacity, {}, {}, {}}; });
}
TEST(NaiveModelsTest, Car) {
  expect_same_decisions<CarPolicy>([](double capacity) { return NaiveCar{capacity, {}, {}, {}, {}}; });
}

TEST(NaiveModelsTest, Lirs) {
  expect_same_decisions<LirsPolicy>([](double capacity) { return NaiveLirs{capacity, {}, {}}; });
}

class FixedWTinyLfuPolicy : public WTinyLfuPolicy {
 public:
  explicit FixedWTinyLfuPolicy(std::uint64_t capacity) : WTinyLfuPolicy(capacity, /*climbs=*/false) {}
};

TEST(NaiveModelsTest, WTinyLfu) {
  expect_same_decisions<FixedWTinyLfuPolicy>([](double capacity) { return NaiveWTinyLfu{capacity, {}, {}, {}}; });
}

}  // namespace
}  // namespace shoal::replay
