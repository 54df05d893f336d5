// The second tier between memory and an origin to which others write: what a reader sees through all three.
#include <gtest/gtest.h>

#include "shoal/cache/coherent_cache.h"
#include "shoal/flash/flash_cache_test.h"

namespace shoal::flash {
namespace {

using cache::Coherence;

class FlashCoherenceTest : public FlashCacheTest {
 protected:
  ~FlashCoherenceTest() override {
    run(coherent_->close());
    run(memory_->close());
    run(flash_->close());
  }

  void use(Coherence rule) {
    if (rule.mode == Coherence::Mode::revalidate) limits_ = {rule.max_age, rule.serve_stale};
    open();
    memory_ = std::make_unique<cache::MemoryCache>(*flash_, clock_, memory_account_, cache::MemoryCacheOptions());
    coherent_ = std::make_unique<cache::CoherentCache>(
        *memory_, *flash_, cache::CoherenceRules{.others = rule, .buckets = {}}, nullptr, flash_.get());
  }
  void use_revalidation(milliseconds max_age, milliseconds serve_stale = milliseconds(0)) {
    use({.mode = Coherence::Mode::revalidate, .max_age = max_age, .serve_stale = serve_stale});
  }

  struct Seen {
    std::string text;
    ReadSource source;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  static Seen seen(const Result<TracedRead>& read) {
    EXPECT_THAT(read, IsOk());
    if (!read || !read->object) return {};
    return {read->object->body.to_string(), read->source};
  }
  Seen see(const std::string& name, Demand demand = Demand::as_promised) {
    return seen(run(coherent_->read(key(name), demand)));
  }
  void evict_all() {
    memory_->set_capacity(0);
    memory_->set_capacity(64_MiB);
  }

  MemoryAccount memory_account_{"cache"};
  std::unique_ptr<cache::MemoryCache> memory_;
  std::unique_ptr<cache::CoherentCache> coherent_;
};

TEST_F(FlashCoherenceTest, WhatComesFromFlashIsAsOldInMemoryAsItWasThere) {
  use_revalidation(seconds(10));
  put_on_flash("a", "1");
  clock_.advance(seconds(6));
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::flash}));
  clock_.advance(seconds(3));
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::memory}));
  EXPECT_EQ(questions(), 0U);
  clock_.advance(seconds(1));
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::confirmed}));
  EXPECT_EQ(questions(), 1U);
}

TEST_F(FlashCoherenceTest, WhatMemoryFoundChangedDoesNotComeBackFromFlash) {
  use_revalidation(seconds(10));
  put_on_flash("a", "1");
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::flash}));
  put_below("a", "2");
  EXPECT_EQ(see("a", Demand::confirmed), (Seen{"2", ReadSource::store}));
  evict_all();
  EXPECT_EQ(see("a"), (Seen{"2", ReadSource::store}));
}

TEST_F(FlashCoherenceTest, WhoInsistsHasTheCopyCompared) {
  use({});
  put_on_flash("a", "1");
  EXPECT_EQ(see("a", Demand::confirmed), (Seen{"1", ReadSource::flash}));
  EXPECT_EQ(questions(), 1U);
  evict_all();
  put_below("a", "2");
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::flash}));
  evict_all();
  EXPECT_EQ(see("a", Demand::confirmed), (Seen{"2", ReadSource::store}));
}

TEST_F(FlashCoherenceTest, WhoInsistsWhileACopyIsBeingReadSeesWhatThereIs) {
  use({});
  clock_.advance(seconds(1));
  put_below("a", "1");
  add_to_tail("a", milliseconds(500));
  feed();
  put_below("a", "2");
  auto first = testing::start_task(loop_, coherent_->read(key("a"), Demand::as_promised));
  loop_.restart();
  std::uint64_t before = disk_->operations();
  while (disk_->operations() == before) ASSERT_EQ(loop_.run_one(), 1U);
  auto second = testing::start_task(loop_, coherent_->read(key("a"), Demand::confirmed));
  go_on();
  EXPECT_THAT(first.result(), IsOk());  // it may see either
  EXPECT_EQ(seen(second.result()).text, "2");
}

TEST_F(FlashCoherenceTest, WhatIsSaidToHaveChangedIsComparedOnFlashToo) {
  use_revalidation(seconds(3'600));
  put_on_flash("a", "1");
  put_on_flash("b", "1");
  put_below("a", "2");
  coherent_->doubt(key("a"));
  coherent_->doubt(key("b"));
  EXPECT_EQ(see("a"), (Seen{"2", ReadSource::store}));
  EXPECT_EQ(see("b"), (Seen{"1", ReadSource::flash}));
}

TEST_F(FlashCoherenceTest, WhatAnObjectIsLikeComesFromFlashToo) {
  use_revalidation(seconds(10));
  put_on_flash("a", "1");
  auto describe = [&](Demand demand) {
    TracedRead read = run(coherent_->describe(key("a"), demand)).value();
    EXPECT_EQ(read.object->info->size, 1U);
    return read.source;
  };
  EXPECT_EQ(describe(Demand::as_promised), ReadSource::flash);
  EXPECT_EQ(questions(), 0U);
  EXPECT_EQ(describe(Demand::confirmed), ReadSource::store);
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(describe(Demand::as_promised), ReadSource::store);  // it has doubted the copy, which a read compares
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::flash}));
  EXPECT_EQ(describe(Demand::as_promised), ReadSource::memory);
}

TEST_F(FlashCoherenceTest, AStaleCopyIsMarkedAsSuch) {
  use_revalidation(seconds(10), seconds(60));
  put_on_flash("a", "1");
  clock_.advance(seconds(20));
  below_.fail(StoreCall::stat, ErrorCode::timed_out);
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::stale}));
  EXPECT_EQ(coherent_->stats().stale, 1U);
  EXPECT_EQ(see("a"), (Seen{"1", ReadSource::confirmed}));
}

TEST_F(FlashCoherenceTest, WhatMemoryEvictsGoesToFlashByItself) {
  use({});
  run(flash_->feed(memory_.get(), 1_MiB));
  memory_->tell_evictions([this](const EvictionCandidate& candidate) { flash_->keep_evicted(candidate); });
  for (int i = 0; i < 10; ++i) {
    put_below(std::to_string(i), test_text(1'000));
    see(std::to_string(i));
  }
  evict_all();
  run(flash_->feed(memory_.get(), 1_MiB));
  memory_->tell_evictions(nullptr);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(see(std::to_string(i)), (Seen{test_text(1'000), ReadSource::flash})) << i;
  }
  EXPECT_EQ(flash_->stats().objects_written, 10U);
}

TEST_F(FlashCoherenceTest, TheEndsOfTheListsAreWrittenBeforeTheyAreEvicted) {
  use({});
  for (int i = 0; i < 100; ++i) {
    put_below(std::to_string(i), test_text(1'000));
    see(std::to_string(i));
  }
  run(flash_->feed(memory_.get(), 20'000));
  EXPECT_GE(flash_->stats().objects_written, 10U);
  EXPECT_TRUE(is_on_flash("0"));
  EXPECT_FALSE(is_on_flash("99"));
  EXPECT_EQ(memory_->stats().hits, 0U);  // and nobody's counters moved
}

}  // namespace
}  // namespace shoal::flash
