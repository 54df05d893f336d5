#include <gtest/gtest.h>

#include "shoal/cache/memory_cache_test.h"
#include "shoal/listing/list_cache.h"

namespace shoal::cache::testing {
namespace {

using std::chrono::seconds;

/// Whatever may have changed a bucket, who lists it next is told so.
class MemoryCacheListedTest : public MemoryCacheTest {
 protected:
  MemoryCacheListedTest() : MemoryCacheTest(with_index()) { index_.forget("bucket"); }

  static MemoryCacheOptions with_index() {
    MemoryCacheOptions options;
    options.listed = &index_;
    return options;
  }

  std::string listed() {
    auto page = run(lists_.list({"bucket", "", "", "", 1'000}));
    EXPECT_THAT(page, IsOk());
    std::string text;
    for (const ListItem& item : page->items) text += std::string(item.name) + "=" + std::string(item.etag) + " ";
    return text;
  }
  /// What a listing shows that is not answered from memory.
  std::string listed_below() {
    index_.forget("bucket");
    return listed();
  }
  /// That what was just done is seen, though the listing of before is in memory.
  void expect_seen() {
    std::string seen = listed();
    EXPECT_EQ(seen, listed_below());
  }

  static inline ManualClock index_clock_{WallTime{}};
  static inline MemoryAccount index_account_{"listed_names"};
  static inline listing::ListIndex index_{index_clock_, index_account_, {seconds(60), 1 << 20}};
  listing::ListCache lists_{cache_, index_};
};

TEST_P(MemoryCacheListedTest, EachWriteIsSeen) {
  EXPECT_EQ(listed(), "");
  EXPECT_THAT(put("a", "1"), IsOk());
  expect_seen();
  EXPECT_THAT(put("a", "2"), IsOk());
  expect_seen();
  auto writer = run(cache_.begin_put(key("b")));
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(run((*writer)->commit(ObjectInfo(), WriteCondition())), IsOk());
  expect_seen();
  auto upload = run(cache_.create_upload(key("c"), ObjectInfo()));
  ASSERT_THAT(upload, IsOk());
  PartInfo part;
  part.number = 1;
  part.size = 1;
  part.etag = test_etag("1");
  EXPECT_THAT(run(cache_.put_part({key("c"), *upload}, part, Body::copy_of("1"))), IsOk());
  ObjectInfo info;
  info.size = 1;
  info.etag = "x-1";
  info.parts = {part};
  EXPECT_THAT(run(cache_.complete_upload({key("c"), *upload}, info, WriteCondition())), IsOk());
  expect_seen();
  EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOk());
  expect_seen();
}

TEST_P(MemoryCacheListedTest, WriteWithAnUnknownOutcomeIsSeen) {
  EXPECT_EQ(listed(), "");
  below_.fail_after_effect(StoreCall::put, ErrorCode::io_error);
  EXPECT_THAT(put("a", "1"), HasError(ErrorCode::io_error));
  EXPECT_NE(listed(), "");
}

TEST_P(MemoryCacheListedTest, DoubtIsEnough) {
  EXPECT_EQ(listed(), "");
  put_below("b", "1");  // by others
  EXPECT_EQ(listed(), "");
  cache_.doubt(key("b"));
  EXPECT_NE(listed(), "");
}

TEST_P(MemoryCacheListedTest, ListingDuringAWriteIsOneOfBeforeItsEnd) {
  below_.hold(StoreCall::put, "gate");
  auto writer = start(put_task(cache_, "a", "1"));
  EXPECT_EQ(listed(), "");
  open("gate");
  EXPECT_THAT(writer.result(), IsOk());
  EXPECT_NE(listed(), "");
}

TEST_P(MemoryCacheListedTest, BucketThatIsMadeAnewIsEmpty) {
  EXPECT_THAT(put("a", "1"), IsOk());
  EXPECT_NE(listed(), "");
  EXPECT_THAT(run(store_.remove(key("a"), WriteCondition())), IsOk());
  EXPECT_THAT(run(cache_.remove_bucket("bucket")), IsOk());
  BucketInfo bucket;
  bucket.name = "bucket";
  EXPECT_THAT(run(cache_.create_bucket(bucket)), IsOk());
  EXPECT_EQ(listed(), "");
}

SHOAL_TEST_WITH_EVERY_POLICY(MemoryCacheListedTest);

}  // namespace
}  // namespace shoal::cache::testing
