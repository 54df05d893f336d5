// An index that is larger than its memory: the same answers, at most one read of the index for each look-up.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/base/random.h"
#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Eq;
using ::testing::Ge;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Le;

class IndexMemoryTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::uint64_t memory = 128_KiB;
  static constexpr int objects = 6'000;

  static LogEngineOptions options() {
    LogEngineOptions options = TestEngine::small_options();
    options.segment_bytes = 1_MiB;
    options.index_memory_max = memory;
    options.checkpoints.log_bytes = 1_MiB;
    return options;
  }
  IndexMemoryTest() : engine_(GetParam(), options()) {}

  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
    for (int number = 0; number < objects; ++number) put(number, "first");
  }
  static ObjectKey key(int number) {
    std::string digits = std::to_string(number);
    return {"bucket", "train/n" + std::to_string(number % 40) + "/some longer name " + digits + ".JPEG"};
  }
  void put(int number, const std::string& text) {
    std::string body = text + std::to_string(number);
    ASSERT_THAT(engine_.put(key(number), body), IsOk());
    expected_[key(number).name] = body;
  }
  LogEngine::Statistics statistics() { return engine_.run(engine_.engine().statistics()); }
  std::vector<std::string> list(ListRequest request) {
    std::vector<std::string> names;
    request.bucket = "bucket";
    while (true) {
      Result<ListPage> page = engine_.run(engine_.store().list(request));
      EXPECT_THAT(page, IsOk());
      for (const ListItem& item : page->items) names.emplace_back(item.name);
      EXPECT_THAT(page->items.size(), Le(request.items_max));
      if (!page->truncated) return names;
      EXPECT_EQ(page->items.size(), request.items_max);
      request.after = names.back();
    }
  }

  TestEngine engine_;
  std::map<std::string, std::string> expected_;
};

INSTANTIATE_TEST_SUITE_P(Loops, IndexMemoryTest, ::testing::Values(1, 3));

TEST_P(IndexMemoryTest, EverythingIsFoundWithOneReadOfTheIndexAtMost) {
  ASSERT_THAT(engine_.run(engine_.engine().checkpoint()), IsOk());
  EXPECT_THAT(statistics().index_bytes, Le(memory + 4_KiB));
  Random random(1);
  for (int i = 0; i < 2'000; ++i) {
    auto number = static_cast<int>(random.below(objects));
    std::uint64_t reads = statistics().index_reads;
    ASSERT_THAT(engine_.get(key(number)), IsOkAnd(Eq(expected_[key(number).name])));
    ASSERT_THAT(statistics().index_reads - reads, Le(1U));
    reads = statistics().index_reads;
    ASSERT_THAT(engine_.get({"bucket", "train/n1/none " + std::to_string(i)}), IsOkAnd(Eq(std::nullopt)));
    ASSERT_EQ(statistics().index_reads, reads) << "the filter knows";
  }
  EXPECT_THAT(statistics().index_reads, Ge(1'000U)) << "most were not in memory";
  EXPECT_THAT(statistics().index_bytes, Le(memory + 4_KiB));
}

TEST_P(IndexMemoryTest, ListingsAreComplete) {
  std::vector<std::string> all;
  for (const auto& [name, body] : expected_) all.push_back(name);
  for (std::uint32_t items_max : {7U, 1'000U, 100'000U}) {
    ListRequest request;
    request.items_max = items_max;
    EXPECT_EQ(list(request), all) << items_max;
    request.prefix = "train/";
    request.delimiter = "/";
    EXPECT_EQ(list(request).size(), 40U) << items_max;
  }
}

TEST_P(IndexMemoryTest, ChangesAndStartsKeepToIt) {
  Random random(2);
  for (int life = 0; life < 3; ++life) {
    for (int i = 0; i < 2'000; ++i) {
      auto number = static_cast<int>(random.below(objects));
      if (random.below(3) == 0) {
        bool is_there = expected_.erase(key(number).name) > 0;
        ASSERT_THAT(engine_.remove(key(number)), IsOkAnd(Eq(is_there)));
      } else {
        put(number, "again");
      }
    }
    if (life == 1) {
      ASSERT_THAT(engine_.run(engine_.engine().compact()), IsOk());
    }
    // What changed since the last checkpoint stays, and the next lets it go.
    EXPECT_THAT(statistics().index_bytes, Le(3 * memory));
    if (life == 2) {
      ASSERT_THAT(engine_.close(), IsOk());
    } else {
      engine_.cut_power(1);
    }
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_EQ(statistics().objects, expected_.size());
    EXPECT_THAT(statistics().index_bytes, Le(3 * memory));
  }
  for (int number = 0; number < objects; ++number) {
    auto found = expected_.find(key(number).name);
    std::optional<std::string> body = found == expected_.end() ? std::nullopt : std::optional(found->second);
    ASSERT_THAT(engine_.get(key(number)), IsOkAnd(Eq(body)));
  }
}

}  // namespace
}  // namespace shoal::storage
