#include "shoal/cache/list_cache.h"

#include <gtest/gtest.h>

#include "shoal/cache/memory_cache_test.h"

namespace shoal::cache::testing {
namespace {

using std::chrono::seconds;

class ListCacheTest : public MemoryCacheTest {
 protected:
  static MemoryCacheOptions with_epochs() {
    MemoryCacheOptions options;
    options.list_epochs = &epochs_;
    return options;
  }
  ListCacheTest() : MemoryCacheTest(with_epochs()) {}

  static ListRequest request(std::string prefix = {}) { return {"bucket", std::move(prefix), "", "", 1'000}; }
  std::string names(ListRequest request) {
    auto page = run(lists_.list(std::move(request)));
    EXPECT_THAT(page, IsOk());
    std::string text;
    for (const ListItem& item : page->items)
      text += std::string(item.name) + "=" + std::string(item.etag).substr(0, 4) + " ";
    return text;
  }
  std::uint64_t lists_below() const { return below_.calls(StoreCall::list); }

  static inline ListEpochs epochs_;
  MemoryAccount list_account_{"list_pages"};
  ListCache lists_{cache_, clock_, epochs_, list_account_, {.lifetime = seconds(60), .bytes_max = 2'000}};
};

TEST_P(ListCacheTest, SamePageIsAskedForOnceInItsLifetime) {
  put_below("a", "1");
  std::string first = names(request());
  EXPECT_FALSE(first.empty());
  put_below("b", "1");  // by others
  EXPECT_EQ(names(request()), first);
  EXPECT_EQ(lists_below(), 1U);
  clock_.advance(seconds(60));
  EXPECT_NE(names(request()), first);
  EXPECT_EQ(lists_below(), 2U);
  EXPECT_EQ(lists_.stats().hits, 1U);
}

TEST_P(ListCacheTest, OtherPagesAreOthers) {
  put_below("a", "1");
  put_below("b", "1");
  EXPECT_NE(names(request("a")), names(request("b")));
  ListRequest after = request();
  after.after = "a";
  EXPECT_EQ(names(after), names(request("b")));
}

TEST_P(ListCacheTest, OurOwnWritesAndDoubtsEndIt) {
  EXPECT_EQ(names(request()), "");
  EXPECT_THAT(put("a", "1"), IsOk());
  std::string with_a = names(request());
  EXPECT_NE(with_a, "");
  EXPECT_THAT(put("a", "2"), IsOk());
  EXPECT_NE(names(request()), with_a);
  EXPECT_THAT(run(cache_.remove(key("a"), WriteCondition())), IsOk());
  EXPECT_EQ(names(request()), "");
  put_below("b", "1");
  EXPECT_EQ(names(request()), "");
  cache_.doubt(key("b"));
  EXPECT_NE(names(request()), "");
}

TEST_P(ListCacheTest, ListingDuringAWriteIsNotKept) {
  below_.hold(StoreCall::put, "gate");
  auto writer = start(put_task(cache_, "a", "1"));
  EXPECT_EQ(names(request()), "");
  open("gate");
  EXPECT_THAT(writer.result(), IsOk());
  EXPECT_NE(names(request()), "");
}

TEST_P(ListCacheTest, OldestPagesGoWhenThereAreTooMany) {
  put_below("a", "1");
  for (int i = 0; i < 50; ++i) {
    names(request("a" + std::string(static_cast<std::size_t>(i), 'x')));
    EXPECT_LE(list_account_.bytes(), 2'000U);
  }
  EXPECT_GT(list_account_.bytes(), 0U);
  std::uint64_t before = lists_below();
  names(request("a"));
  EXPECT_EQ(lists_below(), before + 1);
  ListRequest huge = request(std::string(3'000, 'x'));
  names(huge);
  names(huge);
  EXPECT_EQ(lists_below(), before + 3) << "what is larger than all is not kept";
}

TEST_P(ListCacheTest, ErrorsAreNotRemembered) {
  below_.fail(StoreCall::list, ErrorCode::overloaded);
  EXPECT_THAT(run(lists_.list(request())), HasError(ErrorCode::overloaded));
  EXPECT_EQ(names(request()), "");
}

SHOAL_TEST_WITH_EVERY_POLICY(ListCacheTest);

}  // namespace
}  // namespace shoal::cache::testing
