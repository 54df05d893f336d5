// For models of policies that are written without lists in nodes, hash tables or heaps: they look through everything at
// every step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/cache/policy_contract.h"

namespace shoal::cache::testing {

struct Item {
  std::uint64_t key = 0;
  std::uint64_t weight = 0;
  std::uint64_t uses = 0;
  double rank = 0;
  std::uint64_t seen = 0;
  std::uint64_t era = 0;
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

/// The same requests and removals through both; every hit and miss must agree.
template <typename Policy, typename MakePolicy, typename MakeModel>
void expect_same_decisions(MakePolicy policy_options, MakeModel make_model) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Random random(seed);
    bool sized = seed % 2 == 0;
    std::uint64_t capacity = sized ? 60 + random.below(100) : 3 + random.below(30);
    CheckedCache<Policy> cache(policy_options(capacity));
    auto model = make_model(static_cast<double>(capacity));
    for (int i = 0; i < 1500; ++i) {
      std::uint64_t key = random.below(1 + random.below(90));
      if (random.below(40) == 0) {
        cache.remove(key);
        model.remove(key);
        continue;
      }
      std::uint64_t weight = sized ? 1 + mix(key) % 20 : 1;
      ASSERT_EQ(cache.request(key, static_cast<std::uint32_t>(weight)), model.request({.key = key, .weight = weight}))
          << "seed " << seed << " request " << i;
    }
  }
}

}  // namespace shoal::cache::testing
