#include "shoal/cache/saved_cache.h"

#include <gmock/gmock.h>

#include "shoal/testing/matchers.h"

namespace shoal::cache {
namespace {

using ::testing::ElementsAre;
using testing::HasError;
using testing::IsOkAnd;

SavedCache saved_of(std::initializer_list<const char*> names, double target = 0) {
  SavedCache saved;
  saved.order = {.policy = "arc", .capacity = 1'000, .target = target, .style = 1, .entries = {}};
  for (const char* name : names) {
    saved.keys.push_back({"bucket", name, {}, EntryKey::whole});
    saved.order.entries.push_back({saved.keys.back().entry_key().hash, 100, 1, 0});
  }
  return saved;
}

std::vector<std::string> names_of(const std::vector<SavedCache::Key>& keys) {
  std::vector<std::string> names;
  for (const SavedCache::Key& key : keys) names.push_back(key.name);
  return names;
}

TEST(SavedCacheTest, DecodesWhatItEncodes) {
  SavedCache saved = saved_of({"a", "b"}, 12.5);
  saved.order.entries.push_back({77, 5, PolicySnapshot::Entry::ghost_bit | 1, 0});
  saved.others.push_back({"pinned", "large", Version(9), 4});
  EXPECT_THAT(decode_saved_cache(encode(saved)), IsOkAnd(saved));
}

TEST(SavedCacheTest, RefusesEveryDamage) {
  std::vector<std::byte> good = encode(saved_of({"a", "b"}));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] ^= std::byte{1};
    EXPECT_THAT(decode_saved_cache(bad), HasError(ErrorCode::corrupt)) << i;
    EXPECT_THAT(decode_saved_cache(ByteSpan(good).first(i)), HasError(ErrorCode::corrupt)) << i;
  }
}

TEST(SavedCacheTest, PartsOfOneTogetherAreTheWhole) {
  SavedCache saved = saved_of({"a", "b", "c", "d", "e"}, 500);
  saved.order.entries.push_back({77, 5, PolicySnapshot::Entry::ghost_bit | 1, 0});
  EXPECT_EQ(part_of({saved}, [](std::uint64_t) { return true; }), saved);
  SavedCache odd = part_of({saved}, [](std::uint64_t hash) { return hash % 2 == 1; });
  SavedCache even = part_of({saved}, [](std::uint64_t hash) { return hash % 2 == 0; });
  EXPECT_EQ(odd.keys.size() + even.keys.size(), 5U);
  EXPECT_EQ(odd.order.entries.size() + even.order.entries.size(), 6U);
}

TEST(SavedCacheTest, SeveralAreMergedByTheirPlaces) {
  SavedCache part = part_of({saved_of({"a1", "a2", "a3"}), saved_of({"b1", "b2"})}, [](std::uint64_t) { return true; });
  EXPECT_THAT(names_of(part.keys), ElementsAre("a1", "b1", "a2", "b2", "a3"));
  EXPECT_EQ(part.order.capacity, 2'000U);
}

}  // namespace
}  // namespace shoal::cache
