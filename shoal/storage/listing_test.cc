#include "shoal/storage/listing.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace shoal::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListingTest : public testing::Test {
 protected:
  void add(const std::vector<std::string>& names, const std::string& bucket = "b") {
    for (const std::string& name : names) shards_[next_++ % shards_.size()].put({bucket, name}, IndexEntry{});
  }

  /// Through one merge of all shards, and through a page of each; both must agree.
  std::vector<std::string> list(ListRequest request) {
    request.bucket = "b";
    std::vector<const ShardIndex*> all;
    std::vector<ListPage> pages;
    for (const ShardIndex& shard : shards_) {
      all.push_back(&shard);
      pages.push_back(list_shards({&shard}, request, &missing_));
    }
    ListPage page = list_shards(all, request, &missing_);
    EXPECT_EQ(missing_.size(), 0U);
    ListPage merged = merge_pages(std::move(pages), request.items_max);
    EXPECT_EQ(merged.items, page.items);
    EXPECT_EQ(merged.truncated, page.truncated);
    std::vector<std::string> names;
    for (const ListItem& item : page.items) names.emplace_back(item.name);
    if (page.truncated) names.emplace_back("...");
    return names;
  }

  ListRequest request(std::string prefix, std::string delimiter = {}, std::string after = {}) {
    ListRequest request;
    request.prefix = std::move(prefix);
    request.delimiter = std::move(delimiter);
    request.after = std::move(after);
    return request;
  }

  std::vector<ShardIndex> shards_{3};
  std::size_t next_ = 0;
  std::vector<MissingPage> missing_;
};

TEST_F(ListingTest, MergesShardsInOrderOfTheNames) {
  add({"c", "a", "d", "b", "e"});
  add({"0"}, "a");
  add({"0"}, "c");
  EXPECT_THAT(list(request("")), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(ListingTest, RollsUpCommonPrefixesOfAllShardsOnce) {
  add({"a/1", "a/2", "a/3", "a0", "b/1/x", "b/1/y", "c"});
  EXPECT_THAT(list(request("", "/")), ElementsAre("a/", "a0", "b/", "c"));
  EXPECT_THAT(list(request("b/", "/")), ElementsAre("b/1/"));
  EXPECT_THAT(list(request("", "/", "a/")), ElementsAre("a0", "b/", "c"));
  EXPECT_THAT(list(request("", "/", "a/2")), ElementsAre("a/", "a0", "b/", "c"));
}

TEST_F(ListingTest, PrefixThatHasNoEndIsTheLast) {
  add({"\xff\xff/1", "\xff\xff/2", "a"});
  EXPECT_THAT(list(request("", "/")), ElementsAre("a", "\xff\xff/"));
  EXPECT_THAT(list(request("", "\xff", "\xff")), IsEmpty());
}

TEST_F(ListingTest, SaysWhetherThereIsMore) {
  add({"a", "b/1", "b/2", "c"});
  ListRequest two = request("", "/");
  two.items_max = 2;
  EXPECT_THAT(list(two), ElementsAre("a", "b/", "..."));
  two.after = "b/";
  EXPECT_THAT(list(two), ElementsAre("c"));
  two.items_max = 0;
  EXPECT_THAT(list(two), IsEmpty());
}

}  // namespace
}  // namespace shoal::storage
