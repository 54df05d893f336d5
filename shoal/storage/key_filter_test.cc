#include "shoal/storage/key_filter.h"

#include <set>

#include <gmock/gmock.h>

#include "shoal/base/random.h"

namespace shoal::storage {
namespace {

using ::testing::Le;

std::uint64_t hash_of(std::uint64_t number) { return number * 0x9e3779b97f4a7c15ULL; }

TEST(KeyFilterTest, KnowsWhatIsThere) {
  Random random(1);
  KeyFilter filter;
  std::multiset<std::uint64_t> there;
  for (int i = 0; i < 60'000; ++i) {
    // Few different hashes, and some that differ in what is not looked at.
    std::uint64_t hash = hash_of(random.below(3'000)) ^ random.below(2);
    bool grows = random.below(100) < (i < 30'000 ? 60U : 40U);
    if (grows) {
      filter.insert(hash);
      there.insert(hash);
    } else if (auto found = there.find(hash); found != there.end()) {
      there.erase(found);
      filter.erase(hash);
    }
    ASSERT_EQ(filter.size(), there.size());
    std::uint64_t other = hash_of(random.below(3'000));
    bool may_be = there.contains(other) || there.contains(other ^ 1);
    ASSERT_EQ(filter.may_contain(other), may_be) << "3,000 keys do not collide in 32 bits here";
  }
  while (!there.empty()) {
    filter.erase(*there.begin());
    there.erase(there.begin());
  }
  EXPECT_FALSE(filter.may_contain(hash_of(1)));
}

TEST(KeyFilterTest, TakesFiveBytesAKeyAndIsHardlyEverWrong) {
  constexpr std::uint64_t keys = 500'000;
  KeyFilter filter;
  for (std::uint64_t i = 0; i < keys; ++i) filter.insert(hash_of(i));
  for (std::uint64_t i = 0; i < keys; ++i) ASSERT_TRUE(filter.may_contain(hash_of(i)));
  std::uint64_t wrong = 0;
  for (std::uint64_t i = keys; i < 2 * keys; ++i) wrong += filter.may_contain(hash_of(i)) ? 1 : 0;
  EXPECT_THAT(wrong, Le(200U)) << "half a million in 2^32 are 58 expected";
  EXPECT_THAT(filter.memory_bytes(), Le(keys * 6));
}

TEST(KeyFilterTest, TheLastPlacesOverflowSafely) {
  KeyFilter filter;
  constexpr std::uint64_t largest = ~0ULL;
  for (int i = 0; i < 1'000; ++i) filter.insert(largest);
  EXPECT_TRUE(filter.may_contain(largest));
  for (int i = 0; i < 1'000; ++i) filter.erase(largest);
  EXPECT_FALSE(filter.may_contain(largest));
  filter.insert(0);
  EXPECT_TRUE(filter.may_contain(0));
}

}  // namespace
}  // namespace shoal::storage
