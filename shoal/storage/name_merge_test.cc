#include "shoal/storage/name_merge.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/base/random.h"

namespace shoal::storage {
namespace {

/// Names of which many begin with others, and which share anything from nothing to nearly all.
std::string any_name(Random& random) {
  constexpr std::string_view pieces[] = {"a", "b", "ab", "/", "\xff", "directory/with/a/long/name/", "0", {"\0", 1}};
  std::string name;
  for (std::uint64_t count = 1 + random.below(6); count > 0; --count) name += pieces[random.below(std::size(pieces))];
  return name;
}

struct Case {
  std::size_t shards;
  std::size_t names;
};

class NameMergeTest : public testing::TestWithParam<Case> {
 protected:
  NameMergeTest() : shards_(GetParam().shards) {
    for (std::size_t i = 0; i < GetParam().names; ++i) {
      std::string name = any_name(random_);
      for (const char* bucket : {"a", "b", "bb"}) put(bucket, name);
      names_.insert(name);
    }
    for (const ShardIndex& shard : shards_) all_.push_back(&shard);
  }
  void put(std::string_view bucket, std::string_view name) {
    ObjectKeyView key(bucket, name);
    shards_[key.hash % shards_.size()].put(key, IndexEntry{});
  }
  /// The names that begin with the prefix, from there on.
  std::vector<std::string> expected(const std::string& prefix, const std::string& from) const {
    std::vector<std::string> found;
    for (auto name = names_.lower_bound(from); name != names_.end() && name->starts_with(prefix); ++name) {
      found.push_back(*name);
    }
    return found;
  }

  Random random_{7};
  std::vector<ShardIndex> shards_;
  std::vector<const ShardIndex*> all_;
  std::set<std::string> names_;
};

TEST_P(NameMergeTest, WalksAllNamesOfTheScopeInOrder) {
  for (int i = 0; i < 100; ++i) {
    std::string prefix = i % 4 == 0 ? std::string() : any_name(random_);
    std::string from = i % 3 == 0 ? prefix : prefix + any_name(random_);
    ShardIndex::Scope scope("b", prefix);
    NameMerge merge(all_, scope, from);
    for (const std::string& name : expected(prefix, from)) {
      ASSERT_FALSE(merge.at_end()) << name;
      ASSERT_EQ(merge.top().name(), name);
      merge.next();
    }
    EXPECT_TRUE(merge.at_end());
    EXPECT_TRUE(merge.missing().empty());
  }
}

TEST_P(NameMergeTest, SeeksAhead) {
  for (int i = 0; i < 5; ++i) {
    ShardIndex::Scope scope("b", "");
    NameMerge merge(all_, scope, "");
    std::string at;
    while (true) {
      auto expected = names_.lower_bound(at);
      ASSERT_EQ(merge.at_end(), expected == names_.end());
      if (merge.at_end()) break;
      ASSERT_EQ(merge.top().name(), *expected);
      at = *expected + any_name(random_);
      if (random_.below(2) == 0) {
        merge.seek(at);
      } else {
        at = *expected + '\0';
        merge.next();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, NameMergeTest,
                         testing::Values(Case{0, 0}, Case{1, 400}, Case{2, 1}, Case{3, 2'000}, Case{64, 5'000}),
                         [](const auto& each) {
                           return std::to_string(each.param.shards) + "With" + std::to_string(each.param.names);
                         });

}  // namespace
}  // namespace shoal::storage
