#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/cache/cache_policy.h"

namespace shoal::cache::testing {

/// A spread of a small key, as the hash of a real key would be.
inline std::uint64_t mix(std::uint64_t key) {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}

/// Owns entries as a directory does and checks what every policy promises after every call.
template <CachePolicy P>
class CheckedCache {
 public:
  using Node = typename P::Node;

  template <typename... Args>
  explicit CheckedCache(Args&&... args) : policy_(std::forward<Args>(args)...) {}

  /// Reads a key through the cache. Returns whether it was there.
  bool request(std::uint64_t key, std::uint32_t weight = 1) {
    log_ += ' ' + std::to_string(key);
    if (auto found = entries_.find(key); found != entries_.end()) {
      policy_.on_hit(*found->second);
      log_ += '+';
      check();
      return true;
    }
    auto node = std::make_unique<Node>();
    node->hash = mix(key);
    node->weight = weight;
    Admission admission = policy_.admit(*node, into_log());
    EXPECT_EQ(node->resident(), is_admitted(admission)) << to_string(admission);
    EXPECT_EQ(admission == Admission::refused_too_large, weight > policy_.capacity());
    if (is_admitted(admission)) entries_.emplace(key, std::move(node));
    check();
    return false;
  }
  void remove(std::uint64_t key) {
    if (auto found = entries_.find(key); found != entries_.end()) {
      pinned_.erase(found->second.get());
      policy_.remove(*found->second);
      EXPECT_FALSE(found->second->resident());
      entries_.erase(found);
    }
    policy_.forget(mix(key));
    check();
  }
  void reweigh(std::uint64_t key, std::uint32_t weight) {
    auto found = entries_.find(key);
    if (found == entries_.end()) return;
    std::uint32_t before = found->second->weight;
    bool fits = policy_.reweigh(*found->second, weight, into_log());
    ASSERT_TRUE(entries_.contains(key)) << "an entry that changes is not its own victim";
    EXPECT_EQ(found->second->weight, fits ? weight : before);
    check();
  }
  void toggle_pin(std::uint64_t key) {
    auto found = entries_.find(key);
    if (found == entries_.end()) return;
    if (pinned_.erase(found->second.get()) != 0) {
      policy_.unpin(*found->second);
      // Either evicts what only pins held above the capacity.
      if (key % 2 == 0) {
        policy_.reclaim(0, into_log());
      } else {
        policy_.resize(policy_.capacity(), into_log());
      }
    } else {
      pinned_.insert(found->second.get());
      policy_.pin(*found->second);
    }
    check();
  }
  void resize(std::uint64_t capacity) {
    policy_.resize(capacity, into_log());
    EXPECT_EQ(policy_.capacity(), capacity);
    check();
  }
  void reclaim(std::uint64_t weight) {
    std::uint64_t free = policy_.reclaim(weight, into_log());
    EXPECT_TRUE(free >= weight || pinned_.size() == entries_.size());
    check();
  }

  P& policy() { return policy_; }
  bool contains(std::uint64_t key) const { return entries_.contains(key); }
  Node& node(std::uint64_t key) { return *entries_.at(key); }
  std::size_t count() const { return entries_.size(); }
  /// Every request, hit and victim so far, for comparing runs.
  const std::string& log() const { return log_; }

 private:
  auto into_log() {
    return [this](Node& victim) {
      EXPECT_FALSE(pinned_.contains(&victim)) << "a pinned entry was evicted";
      EXPECT_FALSE(victim.resident());
      auto found = entries_.begin();
      while (found != entries_.end() && found->second.get() != &victim) ++found;
      ASSERT_NE(found, entries_.end()) << "a victim that is not in the cache";
      log_ += " -" + std::to_string(found->first);
      entries_.erase(found);
    };
  }
  void check() {
    std::uint64_t weight = 0;
    std::uint64_t pinned_weight = 0;
    for (const auto& [key, node] : entries_) {
      EXPECT_TRUE(node->resident());
      weight += node->weight;
      if (pinned_.contains(node.get())) pinned_weight += node->weight;
    }
    ASSERT_EQ(policy_.weight(), weight);
    ASSERT_LE(weight, std::max(policy_.capacity(), pinned_weight)) << "budget exceeded";
    std::uint64_t listed = 0;
    std::uint64_t ghosts = 0;
    for (const PolicyStats::List& list : policy_.stats().lists) {
      (list.ghost ? ghosts : listed) += list.weight;
    }
    EXPECT_EQ(listed, weight) << "the lists hold what is resident";
    EXPECT_LE(ghosts, 2 * policy_.capacity()) << "ghosts must be bounded";
  }

  P policy_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Node>> entries_;
  std::unordered_set<const Node*> pinned_;
  std::string log_;
};

/// Operations of every kind in random order, from a seed.
template <CachePolicy P>
void run_random_operations(CheckedCache<P>& cache, std::uint64_t seed, int operations, bool sized) {
  Random random(seed);
  for (int i = 0; i < operations && !::testing::Test::HasFatalFailure(); ++i) {
    std::uint64_t key = random.below(1 + random.below(120));
    auto weight = static_cast<std::uint32_t>(sized ? 1 + random.below(1 + random.below(60)) : 1);
    switch (random.below(24)) {
      case 0:
        cache.remove(key);
        break;
      case 1:
        cache.reweigh(key, weight);
        break;
      case 2:
      case 3:
        cache.toggle_pin(key);
        break;
      case 4:
        if (random.below(4) == 0) cache.resize(random.below(sized ? 400 : 60));
        break;
      case 5:
        if (random.below(4) == 0) cache.reclaim(random.below(cache.policy().capacity() + 1));
        break;
      default:
        cache.request(key, weight);
    }
  }
}

/// What every policy promises, for `TYPED_TEST_SUITE`s of the policies of `cache` and of `replay`. `make` gives the
/// arguments of the constructor for a capacity.
template <CachePolicy P, typename Make>
void expect_policy_contract(Make make) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (bool sized : {false, true}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + (sized ? ", sized" : ", unit weights"));
      CheckedCache<P> once(make(sized ? 200 : 30));
      CheckedCache<P> again(make(sized ? 200 : 30));
      run_random_operations(once, seed, 1500, sized);
      run_random_operations(again, seed, 1500, sized);
      ASSERT_EQ(once.log(), again.log()) << "the same calls must give the same decisions";
    }
  }
}

}  // namespace shoal::cache::testing
