#include "shoal/service/several_stores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::service {
namespace {

using shoal::testing::HasError;
using shoal::testing::InMemoryStore;
using shoal::testing::IsOk;
using ::testing::ElementsAre;

class SeveralStoresTest : public ::testing::Test {
 protected:
  SeveralStoresTest() {
    make_bucket(first_, "bucket");
    make_bucket(second_, "bucket");
    make_bucket(second_, "elsewhere");
  }

  template <typename T>
  T run(Task<T> task) {
    return shoal::testing::run_task(loop_, std::move(task));
  }
  void make_bucket(ObjectStore& store, const std::string& name) {
    BucketInfo bucket;
    bucket.name = name;
    EXPECT_THAT(run(store.create_bucket(bucket)), IsOk());
  }
  void put(ObjectStore& store, const std::string& bucket, const std::string& name, const std::string& text) {
    ObjectInfo info;
    info.size = text.size();
    info.etag = shoal::testing::test_etag(text);
    ObjectKey key{bucket, name};
    EXPECT_THAT(run(store.put(key, std::move(info), Body::copy_of(text), WriteCondition())), IsOk());
  }
  std::string get(ObjectStore& store, const std::string& bucket, const std::string& name) {
    ObjectKey key{bucket, name};
    auto object = run(store.get(key));
    return object && *object ? (*object)->body.to_string() : "(nothing)";
  }
  static ListRequest all_of_bucket(std::uint32_t items_max = 1'000) { return {"bucket", "", "", "", items_max}; }
  /// All names and common prefixes, in pages.
  std::vector<std::string> names_of(ObjectStore& store, ListRequest request) {
    std::vector<std::string> names;
    while (true) {
      auto page = run(store.list(request));
      EXPECT_THAT(page, IsOk());
      EXPECT_LE(page->items.size(), request.items_max);
      for (const ListItem& item : page->items) names.push_back((item.is_prefix ? "+" : "") + std::string(item.name));
      if (!page->truncated) return names;
      if (page->items.empty()) return {"truncated, and nothing to go on from"};
      request.after = std::string(page->items.back().name);
    }
  }

  boost::asio::io_context loop_;
  InMemoryStore first_;
  InMemoryStore second_;
  SeveralStores both_{{{&first_, nullptr, nullptr}, {&second_, nullptr, nullptr}},
                      {{"elsewhere", "", 1}, {"bucket", "b/", 1}, {"bucket", "b/x/", 0}, {"bucket", "cc", 1}}};
};

TEST_F(SeveralStoresTest, ObjectsAreWhereTheirPlaceIs) {
  for (const char* name : {"a", "b", "b/", "b/1", "b/x/1", "c", "cc", "ccd"}) put(both_, "bucket", name, name);
  put(both_, "elsewhere", "b/x/1", "other");
  EXPECT_EQ(names_of(first_, all_of_bucket()), (std::vector<std::string>{"a", "b", "b/x/1", "c"}));
  EXPECT_EQ(names_of(second_, all_of_bucket()), (std::vector<std::string>{"b/", "b/1", "cc", "ccd"}));
  EXPECT_EQ(get(second_, "elsewhere", "b/x/1"), "other");
  EXPECT_EQ(get(both_, "bucket", "b/x/1"), "b/x/1");
  EXPECT_EQ(get(both_, "bucket", "b/1"), "b/1");
}

TEST_F(SeveralStoresTest, WhatAnotherStoreHasInAPlaceIsNotSeen) {
  put(first_, "bucket", "b/1", "stale");
  put(second_, "bucket", "a", "stale");
  EXPECT_EQ(get(both_, "bucket", "b/1"), "(nothing)");
  EXPECT_EQ(get(both_, "bucket", "a"), "(nothing)");
  EXPECT_TRUE(names_of(both_, all_of_bucket()).empty());
  EXPECT_TRUE(names_of(both_, all_of_bucket(1)).empty());
}

TEST_F(SeveralStoresTest, BucketsAreShownOnce) {
  make_bucket(first_, "elsewhere");
  make_bucket(second_, "only-there");
  auto buckets = run(both_.list_buckets());
  ASSERT_THAT(buckets, IsOk());
  std::vector<std::string> names;
  for (const BucketInfo& bucket : *buckets) names.push_back(bucket.name);
  EXPECT_THAT(names, ElementsAre("bucket", "elsewhere"));
}

TEST_F(SeveralStoresTest, ListingsAreThoseOfOneStore) {
  InMemoryStore one;
  make_bucket(one, "bucket");
  for (const char* start : {"a", "b", "b/", "b/x", "b/x/", "b/y/", "c", "cc", "cc/", "d/"}) {
    for (const char* end : {"0", "1/2", "1/3", "z"}) {
      put(one, "bucket", std::string(start) + end, "body");
      put(both_, "bucket", std::string(start) + end, "body");
    }
  }
  for (const char* prefix : {"", "b", "b/", "b/x", "b/x/", "b/x/1", "c", "cc", "cc/1/", "nothing"}) {
    for (const char* delimiter : {"", "/", "x"}) {
      for (const char* after : {"", "b", "b/", "b/x/1", "b/x/", "cc", "cc/", "z"}) {
        for (std::uint32_t items_max : {1U, 2U, 3U, 1'000U}) {
          ListRequest request{"bucket", prefix, delimiter, after, items_max};
          EXPECT_EQ(names_of(both_, request), names_of(one, request))
              << "prefix " << prefix << " delimiter " << delimiter << " after " << after << " max " << items_max;
        }
      }
    }
  }
}

TEST_F(SeveralStoresTest, UploadsAreWhereTheirObjectWillBe) {
  std::vector<std::string> ids;
  for (const char* name : {"a", "b/1", "b/x/1", "cc"}) {
    ObjectKey key{"bucket", name};
    auto id = run(both_.create_upload(key, ObjectInfo()));
    ASSERT_THAT(id, IsOk());
    ids.push_back(*id);
  }
  auto of_second = run(second_.list_uploads("bucket", ""));
  ASSERT_THAT(of_second, IsOk());
  EXPECT_EQ(of_second->size(), 2U);
  auto all = run(both_.list_uploads("bucket", ""));
  ASSERT_THAT(all, IsOk());
  std::vector<std::string> names;
  for (const UploadInfo& upload : *all) names.push_back(upload.key.name);
  EXPECT_THAT(names, ElementsAre("a", "b/1", "b/x/1", "cc"));
  auto below = run(both_.list_uploads("bucket", "b/1"));
  ASSERT_THAT(below, IsOk());
  EXPECT_EQ(below->size(), 1U);
}

TEST_F(SeveralStoresTest, NobodyCopiesBetweenStores) {
  AnnouncedObject target{{"bucket", "b/1"}, {}, {}};
  EXPECT_THAT(run(both_.copy({{"bucket", "a"}, nullptr, 0, 0}, std::move(target))), HasError(ErrorCode::not_supported));
}

}  // namespace
}  // namespace shoal::service
