// What an operator decides: rules of buckets, and why something is not there.
#include "shoal/base/random.h"
#include "shoal/cache/memory_cache_test.h"

namespace shoal::cache {
namespace {

using ::testing::HasSubstr;
using namespace testing;  // NOLINT(google-build-using-namespace): the fixture and its words

class BucketRulesTest : public MemoryCacheTest {
 protected:
  static constexpr std::uint64_t capacity = 200'000;
  static MemoryCacheOptions with_rules() {
    MemoryCacheOptions options;
    options.capacity = capacity;
    options.buckets = {{"bypassed", {.bypass = true}}, {"pinned", {.pin = true}}, {"tenth", {.share_max = 0.1}}};
    return options;
  }
  BucketRulesTest() : MemoryCacheTest(with_rules()) {
    for (const char* name : {"bypassed", "pinned", "tenth"}) {
      BucketInfo bucket;
      bucket.name = name;
      EXPECT_THAT(run(cache_.create_bucket(bucket)), IsOk());
    }
  }
  /// Puts an object and says whether it is in memory then.
  bool put_in(const std::string& bucket, const std::string& name, std::size_t size) {
    std::string text = test_text(size);
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    EXPECT_THAT(run(cache_.put({bucket, name}, info, Body::copy_of(text), WriteCondition())), IsOk());
    EXPECT_LE(account_.bytes(), capacity);
    return has(bucket, name);
  }
  bool has(const std::string& bucket, const std::string& name) {
    return cache_.try_get(ObjectKey{bucket, name}).has_value();
  }
  int count_in(const std::string& bucket, int names) {
    int count = 0;
    for (int i = 0; i < names; ++i) count += has(bucket, std::to_string(i)) ? 1 : 0;
    return count;
  }
};

TEST_P(BucketRulesTest, BypassedBucketIsReadBelowEveryTime) {
  EXPECT_FALSE(put_in("bypassed", "a", 100));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(text_of(run(cache_.get({"bypassed", "a"}))), test_text(100));
  EXPECT_EQ(reads_below(), 3U);
  EXPECT_EQ(cache_.stats().bypasses, 3U);
}

TEST_P(BucketRulesTest, PinnedBucketStaysWhateverElseComes) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(put_in("pinned", std::to_string(i), 1'000));
  for (int i = 0; i < 500; ++i) put_in("bucket", std::to_string(i), 2'000);
  EXPECT_EQ(count_in("pinned", 20), 20);
  EXPECT_GT(count_in("bucket", 500), 20);
}

TEST_P(BucketRulesTest, PinnedBucketTakesAtMostHalfAndTheRestIsCachedAsUsual) {
  for (int i = 0; i < 300; ++i) put_in("pinned", std::to_string(i), 1'000);
  int pinned = count_in("pinned", 60);
  EXPECT_EQ(pinned, 60) << "the first ones are pinned";
  for (int i = 0; i < 300; ++i) put_in("bucket", std::to_string(i), 1'000);
  EXPECT_GT(count_in("bucket", 300), 40);
  EXPECT_LT(count_in("pinned", 300), 100);
}

TEST_P(BucketRulesTest, PinnedObjectFollowsItsVersionsAndLeavesWhenTheCacheShrinks) {
  EXPECT_TRUE(put_in("pinned", "a", 1'000));
  EXPECT_TRUE(put_in("pinned", "a", 3'000));
  ObjectInfo info = *cache_.try_get(ObjectKey{"pinned", "a"})->info;
  info.tags = {{"k", "v"}};
  EXPECT_THAT(run(cache_.update_info({"pinned", "a"}, info)), IsOk());
  EXPECT_EQ(cache_.try_get(ObjectKey{"pinned", "a"})->info->tags, info.tags);
  cache_.set_capacity(4'000);
  EXPECT_FALSE(has("pinned", "a"));
  EXPECT_LE(account_.bytes(), 4'000U + capacity / 64);
}

TEST_P(BucketRulesTest, BucketWithAShareTurnsOverInsideOfIt) {
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(put_in("bucket", std::to_string(i), 1'000));
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(put_in("tenth", std::to_string(i), 1'000));
  EXPECT_EQ(count_in("bucket", 30), 30) << "what the others have is not touched";
  EXPECT_LE(count_in("tenth", 500), 20);
  EXPECT_GE(count_in("tenth", 500), 8);
  EXPECT_TRUE(has("tenth", "499"));
}

TEST_P(BucketRulesTest, ShareThatIsNotUsedBelongsToTheOthers) {
  int in_memory = 0;
  for (int i = 0; i < 500; ++i) put_in("bucket", std::to_string(i), 1'000);
  in_memory = count_in("bucket", 500);
  EXPECT_GT(in_memory, 100);
  for (int i = 0; i < 50; ++i) put_in("tenth", std::to_string(i), 1'000);
  EXPECT_LT(count_in("bucket", 500), in_memory);
  EXPECT_GE(count_in("tenth", 50), 8);
}

TEST_P(BucketRulesTest, BudgetHoldsWithRulesUnderRandomLoad) {
  Random random(7);
  std::vector<Object> readers;
  const char* buckets[] = {"bucket", "bypassed", "pinned", "tenth"};
  for (int i = 0; i < 3'000; ++i) {
    ObjectKey key{buckets[random.below(4)], std::to_string(random.below(60))};
    if (random.below(3) == 0) put_in(key.bucket, key.name, random.below(4'000));
    if (random.below(50) == 0) {
      EXPECT_THAT(run(cache_.remove(key, WriteCondition())), IsOk());
    }
    auto object = run(cache_.get(key));
    if (object && *object && random.below(4) == 0) readers.push_back(**object);
    if (readers.size() > 10) readers.erase(readers.begin());
    ASSERT_LE(account_.bytes(), capacity) << i;
  }
}

// --- admission

class AdmissionTest : public MemoryCacheTest {
 protected:
  static MemoryCacheOptions megabyte() {
    MemoryCacheOptions options;
    options.capacity = 1 << 20;
    return options;
  }
  AdmissionTest() : MemoryCacheTest(megabyte()) {}
  int small_in_memory() {
    int count = 0;
    for (int i = 0; i < 3'000; ++i) count += cache_.try_get(key(std::to_string(i))) ? 1 : 0;
    return count;
  }
};

TEST_P(AdmissionTest, LargeObjectsThatAreReadOnceDoNotFlushTheSmallOnes) {
  for (int i = 0; i < 3'000; ++i) EXPECT_THAT(put(std::to_string(i), test_text(100)), IsOk());
  int before = small_in_memory();
  for (int i = 0; i < 50; ++i) {
    put_below("large" + std::to_string(i), test_text(100'000));
    EXPECT_TRUE(get("large" + std::to_string(i)));
  }
  EXPECT_EQ(small_in_memory(), before);
  EXPECT_EQ(missed(MissReason::refused), 50U);
}

TEST_P(AdmissionTest, LargeObjectComesInWhenItIsAskedForAgain) {
  for (int i = 0; i < 3'000; ++i) EXPECT_THAT(put(std::to_string(i), test_text(100)), IsOk());
  put_below("large", test_text(100'000));
  EXPECT_TRUE(get("large"));
  EXPECT_FALSE(get_hit("large"));
  EXPECT_TRUE(get("large"));
  EXPECT_TRUE(get_hit("large"));
}

TEST_P(AdmissionTest, LargeObjectsAmongTheirLikeComeInAtOnce) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(put(std::to_string(i), test_text(100'000)), IsOk());
    EXPECT_TRUE(get_hit(std::to_string(i)));
  }
}

// --- explanations

class ExplanationTest : public MemoryCacheTest {
 protected:
  static MemoryCacheOptions small() {
    MemoryCacheOptions options;
    options.capacity = 300'000;
    return options;
  }
  ExplanationTest() : MemoryCacheTest(small()) {}
  std::string explain(const std::string& name) { return to_text(cache_.explain(key(name))); }
};

TEST_P(ExplanationTest, SaysInWhichListAndHowOftenHit) {
  EXPECT_THAT(put("a", "body"), IsOk());
  const bool is_arc = GetParam() == PolicyKind::arc;
  const std::string list = is_arc ? "T1" : GetParam() == PolicyKind::duel ? "window" : "by worth";
  EXPECT_THAT(explain("a"), HasSubstr("list " + list + ", 0 hits"));
  get_hit("a");
  get_hit("a");
  EXPECT_THAT(explain("a"), HasSubstr("list " + (is_arc ? "T2" : list) + ", 2 hits"));
}

TEST_P(ExplanationTest, SaysWhyEvicted) {
  if (GetParam() == PolicyKind::worth) GTEST_SKIP() << "it keeps the small one";
  EXPECT_THAT(put("a", test_text(1'000)), IsOk());
  get_hit("a");
  for (int i = 0; i < 60; ++i) {
    clock_.advance(std::chrono::seconds(1));
    EXPECT_THAT(put(std::to_string(i), test_text(6'000)), IsOk());
    get_hit(std::to_string(i));
  }
  EXPECT_THAT(explain("a"), HasSubstr("Evicted"));
  EXPECT_THAT(explain("a"), HasSubstr("with 1 hit."));
  EXPECT_THAT(explain("never"), HasSubstr("not asked for"));
}

TEST_P(ExplanationTest, SaysWhyRefusedOrMissing) {
  EXPECT_THAT(put("large", test_text(400'000)), IsOk());
  EXPECT_THAT(explain("large"), HasSubstr("larger than the whole cache"));
  EXPECT_EQ(get("nothing"), std::nullopt);
  EXPECT_THAT(explain("nothing"), HasSubstr("Known to be missing"));
}

SHOAL_TEST_WITH_EVERY_POLICY(BucketRulesTest);
SHOAL_TEST_WITH_EVERY_POLICY(AdmissionTest);
SHOAL_TEST_WITH_EVERY_POLICY(ExplanationTest);

}  // namespace
}  // namespace shoal::cache
