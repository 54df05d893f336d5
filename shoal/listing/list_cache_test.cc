#include "shoal/listing/list_cache.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/testing/faulty_store.h"
#include "shoal/testing/in_memory_store.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/object_store_contract.h"
#include "shoal/testing/run_task.h"

namespace shoal::listing::testing {
namespace {

using shoal::testing::FaultyStore;
using shoal::testing::HasError;
using shoal::testing::IsOk;
using shoal::testing::StoreCall;
using shoal::testing::test_etag;
using std::chrono::seconds;

/// A store whose pages may have fewer items than were asked for, as those of S3 services may.
class ShortPages final : public shoal::testing::InMemoryStore {
 public:
  using InMemoryStore::InMemoryStore;
  void set_items_max(std::uint32_t items_max) { items_max_ = items_max; }
  Task<Result<ListPage>> list(ListRequest request) override {
    request.items_max = std::min(request.items_max, items_max_);
    return InMemoryStore::list(std::move(request));
  }

 private:
  std::uint32_t items_max_ = 1'000;
};

class ListCacheTest : public ::testing::Test {
 protected:
  static constexpr seconds lifetime{60};

  explicit ListCacheTest(std::uint64_t bytes_max = 1 << 20)
      : index_(clock_, account_, {.lifetime = lifetime, .bytes_max = bytes_max}) {
    for (const char* name : {"bucket", "bucket2"}) {
      BucketInfo bucket;
      bucket.name = name;
      EXPECT_THAT(run(store_.create_bucket(bucket)), IsOk());
    }
  }
  ~ListCacheTest() override { EXPECT_LE(account_.bytes(), bytes_seen_max_); }

  template <typename T>
  T run(Task<T> task) {
    return shoal::testing::run_task(loop_, std::move(task));
  }
  template <typename T>
  shoal::testing::Running<T> start(Task<T> task) {
    auto running = shoal::testing::start_task(loop_, std::move(task));
    shoal::testing::run_until_idle(loop_);
    return running;
  }
  void open(const std::string& gate) {
    below_.open(gate);
    shoal::testing::run_until_idle(loop_);
  }

  static ObjectKey key(const std::string& name) { return {"bucket", name}; }
  /// By others: nobody here is told.
  void put_below(const std::string& name, const std::string& text = "1") {
    ObjectInfo info;
    info.size = text.size();
    info.etag = test_etag(text);
    EXPECT_THAT(run(store_.put(key(name), std::move(info), Body::copy_of(text), {})), IsOk());
  }
  void put_below(std::initializer_list<const char*> names) {
    for (const char* name : names) put_below(std::string(name));
  }
  /// Through us.
  void put(const std::string& name, const std::string& text = "1") {
    put_below(name, text);
    index_.change("bucket", name);
  }
  void remove(const std::string& name) {
    EXPECT_THAT(run(store_.remove(key(name), {})), IsOk());
    index_.change("bucket", name);
  }

  static ListRequest request(std::string prefix = {}, std::string delimiter = {}, std::string after = {},
                             std::uint32_t items_max = 1'000) {
    return {"bucket", std::move(prefix), std::move(delimiter), std::move(after), items_max};
  }
  static std::string text_of(const Result<ListPage>& page) {
    EXPECT_THAT(page, IsOk());
    if (!page) return "error";
    std::string text;
    for (const ListItem& item : page->items) {
      text += std::string(item.name) + (item.is_prefix ? "" : "=" + std::string(item.etag).substr(0, 4)) + " ";
    }
    return text + (page->truncated ? "..." : "");
  }
  std::string listed(ListRequest request) { return text_of(run(lists_.list(std::move(request)))); }
  std::string listed_below(ListRequest request) { return text_of(run(store_.list(std::move(request)))); }
  void expect_true(const ListRequest& request) { EXPECT_EQ(listed(request), listed_below(request)); }
  std::uint64_t questions() const { return below_.calls(StoreCall::list); }

  boost::asio::io_context loop_;
  ManualClock clock_;
  MemoryAccount account_{"listed_names"};
  std::uint64_t bytes_seen_max_ = 1 << 20;
  ShortPages store_;
  FaultyStore below_{store_};
  ListIndex index_;
  ListCache lists_{below_, index_};
};

TEST_F(ListCacheTest, WhatIsKnownIsNotAskedForInItsLifetime) {
  put_below({"a", "b", "c"});
  std::string first = listed(request());
  put_below("d");
  EXPECT_EQ(listed(request()), first);
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(index_.names(), 3U);
  clock_.advance(lifetime);
  expect_true(request());
  EXPECT_EQ(questions(), 2U);
  EXPECT_EQ(lists_.stats().hits, 1U);
  EXPECT_EQ(lists_.stats().misses, 2U);
}

TEST_F(ListCacheTest, OneListingAnswersAllThatAreInIt) {
  put_below({"a", "a/1", "a/2/x", "a/2/y", "a/3", "b/1", "c"});
  listed(request());
  for (const char* prefix : {"", "a", "a/", "a/2/", "b/1", "nothing"}) {
    for (const char* delimiter : {"", "/"}) {
      for (const char* after : {"", "a", "a/2/", "a/2/x", "zzz"}) {
        for (std::uint32_t items_max : {1U, 2U, 1'000U}) {
          expect_true(request(prefix, delimiter, after, items_max));
        }
      }
    }
  }
  EXPECT_EQ(questions(), 1U);
}

TEST_F(ListCacheTest, PagesAreKnownOneByOne) {
  put_below({"a", "b", "c", "d", "e"});
  auto page_through = [this] {
    std::string all;
    for (const char* after : {"", "b", "d"}) all += listed(request("", "", after, 2));
    return all;
  };
  std::string first = page_through();
  EXPECT_EQ(questions(), 3U);
  EXPECT_EQ(page_through(), first);
  expect_true(request());
  expect_true(request("", "", "a", 3));
  EXPECT_EQ(questions(), 3U);
}

TEST_F(ListCacheTest, FirstPageAloneIsEnoughToKnowThatThereIsMore) {
  put_below({"a", "b", "c"});
  EXPECT_EQ(listed(request("", "", "", 2)), listed(request("", "", "", 2)));
  EXPECT_EQ(questions(), 1U);
  expect_true(request("b", "", "", 1));  // of which "c" is no more
}

TEST_F(ListCacheTest, CommonPrefixesAreKnownWithoutWhatIsInThem) {
  put_below({"a/1", "a/2", "b", "c/1"});
  std::string first = listed(request("", "/"));
  EXPECT_EQ(first, listed(request("", "/")));
  EXPECT_EQ(listed(request("", "/", "a/")), listed_below(request("", "/", "a/")));
  EXPECT_EQ(questions(), 1U);
  expect_true(request("a/", "/"));
  EXPECT_EQ(questions(), 2U);
  expect_true(request("", "/", "a/1"));  // from within a common prefix: cannot be kept, and is right
  expect_true(request("", "/"));
}

TEST_F(ListCacheTest, OneWriteIsOneHole) {
  for (int i = 100; i < 150; ++i) put_below("o" + std::to_string(i));
  listed(request());
  put("o120", "2");
  put("o1205");
  remove("o130");
  below_.fail(StoreCall::list, ErrorCode::overloaded);
  EXPECT_THAT(run(lists_.list(request())), HasError(ErrorCode::overloaded));
  std::uint64_t before = questions();
  expect_true(request("", "", "", 19));  // the holes are behind it
  expect_true(request("o14"));
  EXPECT_EQ(questions(), before);
  expect_true(request());
  EXPECT_EQ(questions(), before + 1) << "what filled the first hole filled the others";
  expect_true(request());
  EXPECT_EQ(questions(), before + 1);
}

TEST_F(ListCacheTest, WritesDigHolesInCommonPrefixes) {
  put_below({"a/1", "b/1", "c"});
  listed(request("", "/"));
  remove("a/1");
  expect_true(request("", "/"));
  put("b/2");
  expect_true(request("", "/"));
  put("d/e/f");
  expect_true(request("", "/"));
  expect_true(request("d/", "/"));
  remove("d/e/f");
  expect_true(request("d/", "/"));
}

TEST_F(ListCacheTest, WriteDuringAQuestionIsNotOverlooked) {
  for (int i = 100; i < 120; ++i) put_below("o" + std::to_string(i));
  below_.hold_answer(StoreCall::list, "gate");
  auto listing = start(lists_.list(request()));
  put("o110x");
  put("o111", "2");
  open("gate");
  EXPECT_THAT(listing.result(), IsOk());
  EXPECT_GT(index_.names(), 0U);
  expect_true(request());
}

TEST_F(ListCacheTest, BucketThatWentTakesItsNamesAlong) {
  put_below({"a", "b"});
  below_.hold_answer(StoreCall::list, "gate", 2);
  listed(request());
  auto listing = start(lists_.list(request("a", "/")));
  index_.forget("bucket2");
  EXPECT_EQ(index_.names(), 2U);
  index_.forget("bucket");
  EXPECT_EQ(index_.names(), 0U);
  open("gate");
  EXPECT_EQ(index_.names(), 0U) << "nor does an answer of before stay";
  EXPECT_EQ(account_.bytes(), 0U);
}

TEST_F(ListCacheTest, AllWhoWantTheSameWaitForOneQuestion) {
  put_below("a");
  below_.hold(StoreCall::list, "gate");
  auto first = start(lists_.list(request()));
  auto second = start(lists_.list(request()));
  auto other = start(lists_.list(request("a")));
  EXPECT_EQ(questions(), 2U);
  open("gate");
  EXPECT_EQ(text_of(first.result()), text_of(second.result()));
  EXPECT_THAT(other.result(), IsOk());
  EXPECT_EQ(questions(), 2U);
}

TEST_F(ListCacheTest, WhoWaitedForAQuestionFromBeforeAWriteAsksAgain) {
  below_.hold_answer(StoreCall::list, "gate");
  auto first = start(lists_.list(request()));
  put("a");
  auto second = start(lists_.list(request()));
  open("gate");
  EXPECT_EQ(text_of(second.result()), listed_below(request()));
  EXPECT_EQ(questions(), 2U);
}

TEST_F(ListCacheTest, ErrorIsThatOfAllWhoWaitAndIsNotRemembered) {
  below_.hold(StoreCall::list, "gate");
  below_.fail(StoreCall::list, ErrorCode::overloaded);
  auto first = start(lists_.list(request()));
  auto second = start(lists_.list(request()));
  open("gate");
  EXPECT_THAT(first.result(), HasError(ErrorCode::overloaded));
  EXPECT_THAT(second.result(), HasError(ErrorCode::overloaded));
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(listed(request()), "");
}

TEST_F(ListCacheTest, AnswersThatAreNoListingAreNotKept) {
  put_below({"a", "b", "c"});
  auto keep = [this](std::initializer_list<const char*> names, bool truncated, ListRequest request) {
    ListPage page;
    for (const char* name : names) page.items.emplace_back().name = name;
    page.truncated = truncated;
    ListIndex::Question(index_, std::move(request)).keep(page);
    return index_.names();
  };
  EXPECT_EQ(keep({"b", "a"}, false, request()), 0U);
  EXPECT_EQ(keep({"a", "a"}, false, request()), 0U);
  EXPECT_EQ(keep({"a", "b"}, false, request("b")), 0U);
  EXPECT_EQ(keep({"a", "b"}, false, request("", "", "a")), 0U);
  EXPECT_EQ(keep({}, true, request()), 0U);
  EXPECT_EQ(keep({"a", "b"}, false, request()), 2U);
}

TEST_F(ListCacheTest, OlderAnswerDoesNotReplaceANewerOne) {
  put_below("a");
  below_.hold_answer(StoreCall::list, "gate");
  auto slow = start(lists_.list(request()));
  clock_.advance(seconds(1));
  put_below("b");
  std::string newer = listed(request("", "/"));
  std::string names = listed(request("b"));
  open("gate");
  EXPECT_THAT(slow.result(), IsOk());
  EXPECT_EQ(listed(request("", "/")), newer);
  EXPECT_EQ(listed(request("b")), names);
}

class SmallListCacheTest : public ListCacheTest {
 protected:
  static constexpr std::uint64_t bytes_max = 4'000;
  SmallListCacheTest() : ListCacheTest(bytes_max) { bytes_seen_max_ = bytes_max; }
};

TEST_F(SmallListCacheTest, WhatWasNotUsedForLongestGoes) {
  for (int i = 0; i < 60; ++i) put_below("p" + std::to_string(i));
  for (int i = 0; i < 60; ++i) {
    expect_true(request("p" + std::to_string(i), "/"));
    EXPECT_LE(account_.bytes(), bytes_max);
    std::uint64_t before = questions();
    expect_true(request("p0", "/"));
    EXPECT_EQ(questions(), before) << "it was just used";
  }
  EXPECT_GT(account_.bytes(), bytes_max / 2);
  std::uint64_t before = questions();
  expect_true(request("p1", "/"));
  EXPECT_EQ(questions(), before + 1);
}

TEST_F(SmallListCacheTest, WhatIsLargerThanAllIsNotKept) {
  for (int i = 0; i < 300; ++i) put_below("a" + std::to_string(i));
  expect_true(request());
  EXPECT_EQ(account_.bytes(), 0U);
  expect_true(request());
}

/// Whatever is listed, written and forgotten in whatever order: as if nothing were in memory.
class ListCacheRandomTest : public ListCacheTest, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  static constexpr std::uint64_t sizes[] = {2'000, 20'000, 1 << 20};
  ListCacheRandomTest() : ListCacheTest(sizes[GetParam() % 3]) {}

  std::string random_text(std::size_t bytes_max) {
    static constexpr char letters[] = {'a', 'b', '/', '\xff', '\0'};
    std::string text;
    for (std::size_t i = random_.below(bytes_max + 1); i > 0; --i) text += letters[random_.below(sizeof(letters))];
    return text;
  }

  Random random_{GetParam()};
};

TEST_P(ListCacheRandomTest, ListsWhatIsThere) {
  for (int step = 0; step < 3'000; ++step) {
    std::string name = random_text(6);
    switch (random_.below(10)) {
      case 0:
        if (!name.empty()) put(name, std::to_string(step));
        break;
      case 1:
        if (!name.empty()) remove(name);
        break;
      case 2:
        clock_.advance(seconds(random_.below(20)));
        break;
      case 3:
        store_.set_items_max(1 + static_cast<std::uint32_t>(random_.below(40)));
        break;
      default: {
        ListRequest wanted =
            request(random_text(2),
                    random_.below(2) == 0   ? ""
                    : random_.below(3) == 0 ? "b"
                                            : "/",
                    random_.below(2) == 0 ? "" : random_text(5), 1 + static_cast<std::uint32_t>(random_.below(30)));
        std::string found = listed(wanted);
        store_.set_items_max(1'000);
        ASSERT_EQ(found, listed_below(wanted)) << "step " << step << " prefix " << wanted.prefix << " delimiter "
                                               << wanted.delimiter << " after " << wanted.after;
      }
    }
  }
  EXPECT_GT(lists_.stats().hits, 0U);
}

INSTANTIATE_TEST_SUITE_P(, ListCacheRandomTest, ::testing::Range<std::uint64_t>(1, 13));

/// Writers on other threads: none of them hears of its write before the index does.
TEST(ListIndex, IsToldFromAnyThread) {
  ManualClock clock;
  MemoryAccount account{"listed_names"};
  ListIndex index(clock, account, {.lifetime = seconds(60), .bytes_max = 1 << 20});
  std::atomic<int> written{0};
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    while (!stop) {
      ++written;  // the write itself
      index.change("bucket", "n500");
    }
  });
  for (int round = 0; round < 200; ++round) {
    int known = written;
    ListRequest request{"bucket", "", "", "", 1'000};
    ListPage page;
    if (index.fill(request, page)) {
      ListIndex::Question question(index, request);
      ListPage answer;
      std::string count = std::to_string(written);
      for (int i = 100; i < 900; ++i) {
        ListItem& item = answer.items.emplace_back();
        item.name = answer.texts.add("n" + std::to_string(i));
        item.etag = answer.texts.add(count);
      }
      question.keep(answer);
    } else {
      EXPECT_GE(std::stoi(std::string(page.items[400].etag)), known - 1) << "a write that was told of is not seen";
    }
  }
  stop = true;
}

}  // namespace
}  // namespace shoal::listing::testing
