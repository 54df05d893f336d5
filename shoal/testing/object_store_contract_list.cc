// Listings: the rules of shoal/model/list.h.
#include <algorithm>
#include <set>

#include "shoal/base/random.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"

namespace shoal::testing {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void link_list_contract() {}

namespace {

/// Bytes that trip up who compares, counts or ends strings in the wrong way.
std::string awkward_name(Random& random, std::size_t pieces_max) {
  static const std::string pieces[] = {"a", "b",  "ab",       "/",   "//", "\xff", "\xff\xff", std::string(1, '\0'),
                                       " ", "\n", "\xc3\xa9", "%2F", ".",  "..",   "\x7f",     "\x80"};
  std::string name;
  for (std::uint64_t left = 1 + random.below(pieces_max); left > 0; --left)
    name += pieces[random.below(std::size(pieces))];
  return name;
}

std::vector<std::string> names_of(const ListPage& page) {
  std::vector<std::string> names;
  for (const ListItem& item : page.items) names.push_back((item.is_prefix ? "prefix " : "object ") + std::string(item.name));
  return names;
}

}  // namespace

TEST_P(ObjectStoreContract, ListingIsInTheOrderOfTheBytes) {
  std::vector<std::string> names = {
      std::string(1, '\0'), " ", "A", "a", "a b", "a/b", "a0", "\x7f", "\x80", "\xff", "\xff\xff"};
  std::erase_if(names, [this](const std::string& name) { return !takes_name(name); });
  for (auto name = names.rbegin(); name != names.rend(); ++name) EXPECT_THAT(put(*name, "x"), IsOk());
  EXPECT_EQ(list(list_request()), names);
  reopen();
  EXPECT_EQ(list(list_request()), names);
}

TEST_P(ObjectStoreContract, ListingTellsWhatAListingShows) {
  ObjectInfo info = info_of("body");
  info.owner = "alice";
  info.storage_class = "STANDARD_IA";
  info.checksums = {{ChecksumAlgorithm::crc32c, ChecksumType::full_object, "Jj/JUA=="}};
  EXPECT_THAT(run(store().put(key("a"), info, Body::copy_of("body"), WriteCondition())), IsOk());
  ListPage page = list_page(list_request());
  ASSERT_EQ(page.items.size(), 1U);
  const ListItem& item = page.items[0];
  EXPECT_EQ(item.name, "a");
  EXPECT_FALSE(item.is_prefix);
  EXPECT_EQ(item.size, 4U);
  EXPECT_EQ(item.etag, info.etag);
  if (promises().keeps_owners) {
    EXPECT_EQ(item.owner, "alice");
  }
  EXPECT_EQ(item.storage_class, "STANDARD_IA");
  EXPECT_EQ(item.last_modified, stat("a")->last_modified);
  ASSERT_EQ(item.checksums.size(), 1U);
  EXPECT_EQ(item.checksums[0].algorithm, ChecksumAlgorithm::crc32c);
  EXPECT_EQ(item.checksums[0].type, ChecksumType::full_object);
  EXPECT_FALSE(page.truncated);
}

TEST_P(ObjectStoreContract, ListingShowsEachWriteAtOnce) {
  EXPECT_THAT(list(list_request()), IsEmpty());
  EXPECT_THAT(put("a", "1"), IsOk());
  EXPECT_EQ(list_page(list_request()).items.at(0).size, 1U);
  EXPECT_THAT(put("a", "22"), IsOk());
  EXPECT_EQ(list_page(list_request()).items.at(0).size, 2U);
  EXPECT_THAT(remove("a"), IsOk());
  EXPECT_THAT(list(list_request()), IsEmpty());
}

TEST_P(ObjectStoreContract, ListingOfAPrefix) {
  for (const char* name : {"a", "ab", "ab/c", "abc", "b"}) EXPECT_THAT(put(name, ""), IsOk());
  EXPECT_THAT(list(list_request("ab")), ElementsAre("ab", "ab/c", "abc"));
  EXPECT_THAT(list(list_request("abcd")), IsEmpty());
}

TEST_P(ObjectStoreContract, DelimiterRollsUpWhatIsBehindThePrefix) {
  for (const char* name : {"a", "a/", "a/b", "a/b/c", "a/d", "b/c", "c"}) EXPECT_THAT(put(name, ""), IsOk());
  EXPECT_THAT(names_of(list_page(list_request("", "/"))),
              ElementsAre("object a", "prefix a/", "prefix b/", "object c"));
  EXPECT_THAT(names_of(list_page(list_request("a/", "/"))),
              ElementsAre("object a/", "object a/b", "prefix a/b/", "object a/d"));
  EXPECT_THAT(names_of(list_page(list_request("a", "/"))), ElementsAre("object a", "prefix a/"));
}

TEST_P(ObjectStoreContract, DelimiterMayHaveSeveralBytes) {
  for (const char* name : {"a--b", "a-b", "a---c", "ab--", "--x"}) EXPECT_THAT(put(name, ""), IsOk());
  EXPECT_THAT(names_of(list_page(list_request("", "--"))),
              ElementsAre("prefix --", "prefix a--", "object a-b", "prefix ab--"));
  EXPECT_THAT(names_of(list_page(list_request("a-", "--"))), ElementsAre("prefix a---", "object a--b", "object a-b"));
}

TEST_P(ObjectStoreContract, ListingGoesOnBehindAName) {
  for (const char* name : {"a", "b", "b/1", "b/2", "c"}) EXPECT_THAT(put(name, ""), IsOk());
  EXPECT_THAT(list(list_request("", "", "b")), ElementsAre("b/1", "b/2", "c"));
  EXPECT_THAT(list(list_request("", "", "aa")), ElementsAre("b", "b/1", "b/2", "c"));
  EXPECT_THAT(list(list_request("b/", "", "a")), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(list(list_request("", "", "c")), IsEmpty());
}

TEST_P(ObjectStoreContract, ListingGoesOnBehindAWholeCommonPrefix) {
  for (const char* name : {"a", "b/1", "b/2", "b0", "c"}) EXPECT_THAT(put(name, ""), IsOk());
  EXPECT_THAT(list(list_request("", "/", "a")), ElementsAre("b/", "b0", "c"));
  EXPECT_THAT(list(list_request("", "/", "b/")), ElementsAre("b0", "c"));
  // Not a common prefix of the request, so a name like any other: what is behind it still rolls up.
  EXPECT_THAT(list(list_request("", "/", "b/1")), ElementsAre("b/", "b0", "c"));
  EXPECT_THAT(list(list_request("", "/", "b/2")), ElementsAre("b0", "c"));
  EXPECT_THAT(list(list_request("", "", "b/")), ElementsAre("b/1", "b/2", "b0", "c"));
}

TEST_P(ObjectStoreContract, PageIsTruncatedOnlyWhenThereIsMore) {
  for (const char* name : {"a", "b/1", "b/2"}) EXPECT_THAT(put(name, ""), IsOk());
  EXPECT_TRUE(list_page(list_request("", "", "", 2)).truncated);
  EXPECT_FALSE(list_page(list_request("", "", "", 3)).truncated);
  EXPECT_FALSE(list_page(list_request("", "/", "", 2)).truncated);
  EXPECT_TRUE(list_page(list_request("", "/", "", 1)).truncated);
}

TEST_P(ObjectStoreContract, PagesTogetherAreTheListing) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    InMemoryStore model;
    boost::asio::io_context model_loop;
    BucketInfo info;
    info.name = "round-" + std::to_string(seed);
    ASSERT_THAT(run_task(model_loop, model.create_bucket(info)), IsOk());
    ASSERT_THAT(run(store().create_bucket(info)), IsOk());

    std::vector<std::string> names;
    auto usable_name = [&](std::size_t pieces_max) {
      std::string name;
      do name = awkward_name(random, pieces_max);
      while (!takes_name(name));
      return name;
    };
    for (int i = 0; i < 60; ++i) {
      names.push_back(usable_name(5));
      ObjectKey object_key{info.name, names.back()};
      ASSERT_THAT(run_task(model_loop, model.put(object_key, info_of(""), Body(), WriteCondition())), IsOk());
      ASSERT_THAT(run(store().put(object_key, info_of(""), Body(), WriteCondition())), IsOk());
    }
    if (seed % 4 == 0) reopen();

    for (int i = 0; i < 25; ++i) {
      ListRequest request;
      request.bucket = info.name;
      if (random.below(2) == 0) request.prefix = usable_name(2);
      if (random.below(4) != 0) request.delimiter = usable_name(1);
      if (random.below(3) == 0)
        request.after = random.below(2) == 0 ? names[random.below(names.size())] : usable_name(3);
      std::vector<std::string> expected = names_of(run_task(model_loop, model.list(request)).value());
      ASSERT_EQ(names_of(list_page(request)), expected)
          << "prefix " << ::testing::PrintToString(request.prefix) << " delimiter "
          << ::testing::PrintToString(request.delimiter) << " after " << ::testing::PrintToString(request.after);

      request.items_max = static_cast<std::uint32_t>(1 + random.below(4));
      std::vector<std::string> paged;
      for (bool more = true; more;) {
        ListPage page = list_page(request);
        ASSERT_LE(page.items.size(), request.items_max);
        for (std::string& name : names_of(page)) paged.push_back(std::move(name));
        more = page.truncated;
        if (more) request.after = page.items.back().name;
      }
      ASSERT_EQ(paged, expected);
    }
  }
}

}  // namespace shoal::testing
