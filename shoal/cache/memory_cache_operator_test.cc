// What an operator does with all that is in memory of a prefix.
#include "shoal/cache/directory.h"
#include "shoal/cache/memory_cache_test.h"

namespace shoal::cache {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture and its words

constexpr std::uint64_t small_capacity = 200'000;

class OperatorTest : public MemoryCacheTest {
 protected:
  static MemoryCacheOptions small() {
    MemoryCacheOptions options;
    options.capacity = small_capacity;
    return options;
  }
  OperatorTest() : MemoryCacheTest(small()) {}

  Inventory survey(const ObjectPrefix& prefix) {
    Inventory sums;
    for (std::size_t part = 0; part < Directory::part_count; ++part) sums.add(cache_.survey(prefix, part));
    return sums;
  }
  Inventory evict(const ObjectPrefix& prefix) {
    Inventory sums;
    for (std::size_t part = 0; part < Directory::part_count; ++part) sums.add(cache_.evict(prefix, part));
    return sums;
  }
  void pin(std::vector<ObjectPrefix> prefixes) {
    cache_.set_pins(PinnedPrefixes(std::move(prefixes)));
    for (std::size_t part = 0; part < Directory::part_count; ++part) {
      cache_.apply_pins(part);
      EXPECT_LE(account_.bytes(), small_capacity);
    }
  }
  void put_many(const std::string& prefix, int count, std::size_t bytes = 1'000) {
    for (int i = 0; i < count; ++i) EXPECT_THAT(put(prefix + std::to_string(i), test_text(bytes)), IsOk());
    EXPECT_LE(account_.bytes(), small_capacity);
  }
  int count_in_memory(const std::string& prefix, int count) {
    int found = 0;
    for (int i = 0; i < count; ++i) found += get_hit(prefix + std::to_string(i)) ? 1 : 0;
    return found;
  }
};

TEST_P(OperatorTest, SurveyCountsWhatIsBelowThePrefixOnly) {
  put_many("a/", 10);
  put_many("b/", 5);
  EXPECT_EQ(get("a/none"), std::nullopt);
  EXPECT_EQ(get_hit("a/3"), test_text(1'000));
  Inventory a = survey({"bucket", "a/"});
  EXPECT_EQ(a.objects, 10U);
  EXPECT_EQ(a.missing_keys, 1U);
  EXPECT_EQ(a.hits, 1U);
  EXPECT_GT(a.bytes, 10'000U);
  EXPECT_EQ(survey({"bucket", ""}).objects, 15U);
  EXPECT_EQ(survey({"bucke", ""}).objects, 0U);
  EXPECT_EQ(survey({"other", "a/"}).objects, 0U);
}

TEST_P(OperatorTest, WhatIsEvictedIsReadBelowAgainAndNothingElseIs) {
  put_many("a/", 10);
  put_many("b/", 10);
  std::optional<Object> reader = cache_.try_get(key("a/1"));
  Inventory out = evict({"bucket", "a/"});
  EXPECT_EQ(out.objects, 10U);
  EXPECT_EQ(survey({"bucket", "a/"}).objects, 0U);
  EXPECT_EQ(reader->body.to_string(), test_text(1'000)) << "who reads has what he reads";
  EXPECT_EQ(count_in_memory("b/", 10), 10);
  EXPECT_EQ(get("a/1"), test_text(1'000));
  EXPECT_EQ(reads_below(), 1U);
}

TEST_P(OperatorTest, WhatIsPinnedStaysAndWhatIsUnpinnedMayGoAgain) {
  put_many("pinned/", 20);
  pin({{"bucket", "pinned/"}});
  put_many("pinned/later", 10);
  EXPECT_EQ(survey({"bucket", "pinned/"}).pinned, 30U);
  put_many("other/", 500, 2'000);
  EXPECT_EQ(count_in_memory("pinned/", 20), 20);
  EXPECT_EQ(count_in_memory("pinned/later", 10), 10);

  pin({});
  EXPECT_EQ(survey({"bucket", "pinned/"}).pinned, 0U);
  for (int round = 0; round < 20; ++round) put_many("another" + std::to_string(round) + "/", 100, 2'000);
  EXPECT_LT(survey({"bucket", "pinned/"}).objects, 30U);
}

TEST_P(OperatorTest, PinnedTakesAtMostHalfOfTheCache) {
  put_many("pinned/", 150);
  pin({{"bucket", "pinned/"}});
  Inventory pinned = survey({"bucket", "pinned/"});
  EXPECT_GT(pinned.pinned, 50U);
  EXPECT_LE(pinned.pinned_bytes, small_capacity / 2);
  EXPECT_GE(pinned.objects, pinned.pinned);
}

TEST_P(OperatorTest, APinnedObjectThatSomebodyReadsCanBeReplacedEvictedAndUnpinned) {
  put_many("pinned/", 3);
  std::optional<Object> reader = cache_.try_get(key("pinned/0"));
  pin({{"bucket", "pinned/"}});
  EXPECT_THAT(put("pinned/0", test_text(2'000)), IsOk());
  EXPECT_EQ(get_hit("pinned/0"), test_text(2'000));
  EXPECT_EQ(survey({"bucket", "pinned/"}).pinned, 3U);
  std::optional<Object> second = cache_.try_get(key("pinned/1"));
  pin({});
  EXPECT_EQ(evict({"bucket", ""}).objects, 3U);
  EXPECT_EQ(reader->body.to_string(), test_text(1'000));
  EXPECT_EQ(second->body.to_string(), test_text(1'000));
}

SHOAL_TEST_WITH_EVERY_POLICY(OperatorTest);

}  // namespace
}  // namespace shoal::cache
