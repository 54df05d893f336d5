// What an operator asks of the second tier: how much of some objects is there, and that it be taken out.
#include <set>

#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/flash/flash_cache_test.h"

namespace shoal::flash {
namespace {

class FlashOperatorTest : public FlashCacheTest {
 protected:
  static Selection below(const std::string& prefix) {
    return [prefix](std::string_view bucket, std::string_view name) {
      return bucket == "bucket" && name.starts_with(prefix);
    };
  }
  FlashInventory survey(const std::string& prefix) { return run(flash_->survey(below(prefix))).value(); }
  FlashInventory evict(const std::string& prefix) { return run(flash_->evict(below(prefix))).value(); }
  /// Several segments of them.
  void fill(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) put_on_flash(prefix + std::to_string(i), text(i));
  }
  static std::string text(int i) { return test_text(1'000 + 17 * (i % 100), static_cast<std::uint64_t>(i)); }
};

TEST_F(FlashOperatorTest, ASurveyCountsWhatBeginsWithThePrefix) {
  open();
  fill("a/", 100);
  fill("b/", 50);
  put_on_flash("a/large", test_text(15'000));
  EXPECT_GT(flash_->stats().segments, 2U);
  EXPECT_EQ(survey("a/").objects, 101U);
  EXPECT_EQ(survey("b/1").objects, 11U);
  EXPECT_EQ(survey("").objects, 151U);
  EXPECT_GT(survey("a/large").bytes, 15'000U);
  EXPECT_LT(survey("a/large").bytes, 15'500U);
  EXPECT_EQ(run(flash_->survey([](auto bucket, auto) { return bucket == "other"; }))->objects, 0U);
  EXPECT_EQ(reads_below(), 0U);
}

TEST_F(FlashOperatorTest, WhatIsEvictedIsNotThereAfterAStartEither) {
  for (bool orderly : {true, false}) {
    open();
    clock_.advance(seconds(1));  // other states than those of the round before
    fill("a/", 100);
    fill("b/", 20);
    FlashInventory there = survey("a/");
    FlashInventory evicted = evict("a/");
    EXPECT_EQ(evicted.objects, there.objects);
    EXPECT_EQ(evicted.bytes, there.bytes);
    EXPECT_FALSE(read("a/7").from_flash);
    EXPECT_TRUE(read("b/7").from_flash);
    for (int start = 0; start < 2; ++start) {
      orderly ? restart() : kill();
      EXPECT_EQ(survey("a/").objects, 0U);
      EXPECT_EQ(survey("b/").objects, 20U);
      EXPECT_EQ(read("a/7"), (Read{text(7), false, milliseconds(0)}));
      EXPECT_EQ(read("b/7"), (Read{text(7), true, milliseconds(0)}));
    }
  }
}

TEST_F(FlashOperatorTest, AnEvictionSurvivesAPowerCut) {
  open();
  fill("a/", 30);
  evict("a/");
  flash_.reset();
  disk_->power_cut();
  std::unique_ptr<sim::SimulatedDisk> survivor = disk_->crash_image(1);
  disk_ = std::move(survivor);
  open();
  EXPECT_EQ(flash_->stats().entries, 0U);
}

TEST_F(FlashOperatorTest, WhatComesAfterTheEvictionStays) {
  open();
  fill("a/", 10);
  evict("a/");
  fill("a/", 3);
  kill();
  EXPECT_EQ(survey("a/").objects, 3U);
  EXPECT_EQ(read("a/2"), (Read{text(2), true, milliseconds(0)}));
}

TEST_F(FlashOperatorTest, WhatWaitsToBeWrittenIsEvictedToo) {
  open();
  feed(5'000);
  for (const char* name : {"a", "b"}) {
    put_below(name, "1");
    add_to_tail(name);
  }
  for (const Tail::Copy& copy : std::exchange(tail_.copies, {})) {
    flash_->keep_evicted({ObjectKeyView(copy.key), copy.object.info.get(), copy.object.body, copy.age});
  }
  evict("a");
  feed();
  EXPECT_FALSE(is_on_flash("a"));
  EXPECT_TRUE(is_on_flash("b"));
}

TEST_F(FlashOperatorTest, WhatIsBeingWrittenIsEvictedToo) {
  open();
  for (const char* name : {"a", "b"}) {
    put_below(name, "1");
    add_to_tail(name);
  }
  auto feeding = testing::start_task(loop_, flash_->feed(&tail_, 1_GiB));
  std::uint64_t begun = disk_->operations();
  loop_.restart();
  while (disk_->operations() < begun + 4) ASSERT_EQ(loop_.run_one(), 1U);
  auto evicting = testing::start_task(loop_, flash_->evict(below("a")));
  go_on();
  EXPECT_TRUE(feeding.done());
  EXPECT_EQ(evicting.result()->objects, 1U);
  EXPECT_FALSE(is_on_flash("a"));
  EXPECT_TRUE(is_on_flash("b"));
}

TEST_F(FlashOperatorTest, TheCapacityHoldsWhileEvictionsAreWritten) {
  disk_->set_capacity(options_.log.capacity);
  open();
  for (int round = 0; round < 40; ++round) {
    fill("a/", 60);
    EXPECT_GT(evict("a/").objects, 0U);
    ASSERT_LE(flash_->stats().disk_bytes, options_.log.capacity);
  }
  EXPECT_EQ(flash_->stats().switched_off, 0U);
}

TEST_F(FlashOperatorTest, ADamagedNameIsEvictedWhoeverItIsOf) {
  open();
  fill("a/", 3);
  auto names = run(disk_->list("flash"));
  disk_->flip("flash/" + names->front(), 4096 + 64, std::byte{0x10});  // the first one's key
  EXPECT_EQ(evict("b").objects, 0U);
  EXPECT_FALSE(is_on_flash("a/0"));
  EXPECT_EQ(flash_->stats().dropped(DropReason::damaged), 1U);
  EXPECT_EQ(survey("a/").objects, 2U);
}

TEST_F(FlashOperatorTest, WithEveryFaultOfTheDiskNothingEvictedIsServed) {
  using Fault = sim::SimulatedDisk::Fault;
  for (Fault fault : {Fault::io_error, Fault::disk_full, Fault::short_write}) {
    for (std::uint64_t number = 1;; ++number) {
      flash_.reset();
      disk_ = std::make_unique<sim::SimulatedDisk>();
      open();
      fill("a/", 60);
      fill("b/", 60);
      std::uint64_t begun = disk_->operations();
      disk_->fail_operation(begun + number, fault, number % 2 == 0);
      auto evicted = run(flash_->evict(below("a/")));
      bool got_through = disk_->operations() < begun + number;
      EXPECT_FALSE(read("a/5").from_flash);
      EXPECT_EQ(read("b/5").text, text(5));
      if (evicted) {
        flash_.reset();
        disk_->power_cut();
        std::unique_ptr<sim::SimulatedDisk> survivor = disk_->crash_image(number);
        disk_ = std::move(survivor);
        open();
        EXPECT_EQ(survey("a/").objects, 0U) << "operation " << number;
      } else {
        EXPECT_EQ(flash_->stats().switched_off, 1U);
      }
      if (got_through) break;
    }
  }
}

TEST_F(FlashOperatorTest, WhatWasEvictedNeverComesBackByItself) {
  open();
  Random random(5);
  std::set<std::string> evicted;
  auto name = [&] { return std::to_string(random.below(60)); };
  for (int step = 0; step < 1'500; ++step) {
    std::string some = name();
    if (random.below(40) == 0) {
      std::string prefix = some.substr(0, 1);
      evict(prefix);
      for (int i = 0; i < 60; ++i) {
        if (std::to_string(i).starts_with(prefix)) evicted.insert(std::to_string(i));
      }
    } else if (random.below(40) == 0) {
      random.below(2) == 0 ? restart() : kill();
    } else {
      put_on_flash(some, test_text(random.below(5'000), random()));
      evicted.erase(some);
      read(name());
    }
    for (const std::string& gone : evicted) ASSERT_FALSE(is_on_flash(gone)) << "step " << step << " " << gone;
  }
}

}  // namespace
}  // namespace shoal::flash
