// Each baseline against a model of the same policy that is written without lists in nodes, hash tables or heaps: it
// looks through everything at every step.
#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/cache/policy_contract.h"
#include "shoal/replay/car_policy.h"
#include "shoal/replay/gdsf_policy.h"
#include "shoal/replay/lfu_policy.h"
#include "shoal/replay/lru_policy.h"
#include "shoal/replay/s3fifo_policy.h"
#include "shoal/replay/sieve_policy.h"
#include "shoal/replay/two_q_policy.h"

namespace shoal::replay {
namespace {

struct Item {
  std::uint64_t key = 0;
  std::uint64_t weight = 0;
  std::uint64_t uses = 0;
  double rank = 0;
};

/// Keys in order, oldest first.
class Queue {
 public:
  bool has(std::uint64_t key) const { return index_of(key) < items_.size(); }
  Item& at(std::uint64_t key) { return items_[index_of(key)]; }
  void push(Item item) { items_.push_back(item); }
  std::optional<Item> take(std::uint64_t key) {
    std::size_t index = index_of(key);
    if (index == items_.size()) return std::nullopt;
    Item item = items_[index];
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index));
    return item;
  }
  Item take_oldest() { return *take(items_.front().key); }
  bool empty() const { return items_.empty(); }
  double weight() const {
    double sum = 0;
    for (const Item& item : items_) sum += static_cast<double>(item.weight);
    return sum;
  }
  std::size_t index_of(std::uint64_t key) const {
    auto found = std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.key == key; });
    return static_cast<std::size_t>(found - items_.begin());
  }
  const std::vector<Item>& items() const { return items_; }
  std::vector<Item>& items() { return items_; }

 private:
  std::vector<Item> items_;
};

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

/// The same requests and removals through both; every hit and miss must agree.
template <typename Policy, typename Model>
void expect_same_decisions(Model (*make_model)(double capacity)) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    bool sized = seed % 2 == 0;
    std::uint64_t capacity = sized ? 60 + random.below(100) : 3 + random.below(30);
    cache::testing::CheckedCache<Policy> cache(capacity);
    Model model = make_model(static_cast<double>(capacity));
    for (int i = 0; i < 1500; ++i) {
      std::uint64_t key = random.below(1 + random.below(90));
      if (random.below(40) == 0) {
        cache.remove(key);
        model.remove(key);
        continue;
      }
      std::uint64_t weight = sized ? 1 + cache::testing::mix(key) % 20 : 1;
      ASSERT_EQ(cache.request(key, static_cast<std::uint32_t>(weight)), model.request({.key = key, .weight = weight}))
          << "seed " << seed << " request " << i;
    }
  }
}

TEST(NaiveModelsTest, Lru) {
  expect_same_decisions<LruPolicy>(+[](double capacity) { return NaiveOneList<true>{capacity, {}}; });
}
TEST(NaiveModelsTest, Fifo) {
  expect_same_decisions<FifoPolicy>(+[](double capacity) { return NaiveOneList<false>{capacity, {}}; });
}
TEST(NaiveModelsTest, Lfu) {
  expect_same_decisions<LfuPolicy>(+[](double capacity) { return NaiveRanked{capacity, {}, false}; });
}
TEST(NaiveModelsTest, Gdsf) {
  expect_same_decisions<GdsfPolicy>(+[](double capacity) { return NaiveRanked{capacity, {}, true}; });
}
TEST(NaiveModelsTest, Sieve) {
  expect_same_decisions<SievePolicy>(+[](double capacity) { return NaiveSieve{capacity, {}}; });
}
TEST(NaiveModelsTest, TwoQ) {
  expect_same_decisions<TwoQPolicy>(+[](double capacity) { return NaiveTwoQ{capacity, {}, {}, {}}; });
}
TEST(NaiveModelsTest, S3Fifo) {
  expect_same_decisions<S3FifoPolicy>(+[](double capacity) { return NaiveS3Fifo{capacity, {}, {}, {}}; });
}
TEST(NaiveModelsTest, Car) {
  expect_same_decisions<CarPolicy>(+[](double capacity) { return NaiveCar{capacity, {}, {}, {}, {}}; });
}

}  // namespace
}  // namespace shoal::replay
