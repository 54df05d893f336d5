#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/flash/flash_cache_test.h"

namespace shoal::flash {
namespace {

class FlashRestartTest : public FlashCacheTest {
 protected:
  std::string file() {
    auto names = run(disk_->list("flash"));
    return "flash/" + names->front();
  }
  void fill(int count) {
    clock_.advance(seconds(1));
    for (int i = 0; i < count; ++i) put_on_flash(std::to_string(i), text(i));
  }
  static std::string text(int i) { return test_text(2'000, static_cast<std::uint64_t>(i)); }
};

TEST_F(FlashRestartTest, WhatWasThereIsComparedOnceAndThenServed) {
  for (bool orderly : {true, false}) {
    open();
    fill(50);
    orderly ? restart() : kill();
    std::uint64_t asked = questions();
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(read(std::to_string(i)), (Read{text(i), true, milliseconds(0)}));
      EXPECT_TRUE(read(std::to_string(i)).from_flash);
    }
    EXPECT_EQ(questions(), asked + 50);
    EXPECT_EQ(reads_below(), 0U);
  }
}

TEST_F(FlashRestartTest, NothingOlderComesBack) {
  for (bool orderly : {true, false}) {
    open();
    put_on_flash("written over", "1");
    put_on_flash("removed", "1");
    put_on_flash("changed meanwhile", "1");
    clock_.advance(seconds(1));
    EXPECT_THAT(put("written over", "2"), IsOk());
    EXPECT_THAT(run(flash_->remove(key("removed"), WriteCondition())), IsOk());
    put_below("changed meanwhile", "2");
    orderly ? restart() : kill();
    EXPECT_EQ(read("written over").text, "2");
    EXPECT_EQ(read("removed").text, std::nullopt);
    EXPECT_EQ(read("changed meanwhile").text, "2");
  }
}

TEST_F(FlashRestartTest, AnotherVersionThatLooksTheSameIsAnotherOne) {
  open();
  put_on_flash("a", "1");
  ObjectInfo info = info_of("1");
  info.headers = {{"content-type", "text/plain"}};
  EXPECT_THAT(run(flash_->update_info(key("a"), info)), IsOk());  // in the same moment
  kill();
  EXPECT_TRUE(is_on_flash("a"));
  EXPECT_THAT(run(flash_->stat(key("a"))), IsOk());
  auto object = run(flash_->get(key("a")));
  EXPECT_EQ((*object)->info->headers, info.headers);
  EXPECT_FALSE(is_on_flash("a"));
}

TEST_F(FlashRestartTest, TheNewestOfSeveralCopiesCounts) {
  open();
  for (int i = 0; i < 5; ++i) {
    put_on_flash("a", std::to_string(i));
    clock_.advance(seconds(1));
    if (i == 2) restart();
  }
  kill();
  EXPECT_EQ(read("a"), (Read{"4", true, milliseconds(0)}));
}

TEST_F(FlashRestartTest, ItGoesOnWhereItWas) {
  disk_->set_capacity(options_.log.capacity);
  open();
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 60; ++i) put_on_flash(std::to_string(round * 60 + i), text(i));
    round % 2 == 0 ? restart() : kill();
    EXPECT_EQ(flash_->stats().switched_off, 0U);
    EXPECT_EQ(read(std::to_string(round * 60 + 59)).text, text(59));
    EXPECT_TRUE(is_on_flash(std::to_string(round * 60 + 59)));
  }
}

TEST_F(FlashRestartTest, SegmentsOfAnotherDirectoryAreRemoved) {
  open();
  fill(50);
  run(flash_->close());
  options_.log.id[0] = std::byte{1};
  open();
  EXPECT_EQ(flash_->stats().entries, 0U);
  EXPECT_EQ(run(disk_->list("flash"))->size(), 0U);
}

TEST_F(FlashRestartTest, WithLessCapacityTheOldestGoes) {
  open();
  fill(150);
  run(flash_->close());
  options_.log.capacity = 128_KiB;
  open();
  EXPECT_LE(flash_->stats().disk_bytes, 128_KiB);
  EXPECT_FALSE(is_on_flash("0"));
  EXPECT_EQ(read("149").text, text(149));
}

TEST_F(FlashRestartTest, NoFlippedByteIsEverServed) {
  open();
  fill(3);
  std::string segment = file();
  auto opened = run(disk_->open(segment, io::OpenOptions()));
  std::uint64_t bytes = *run((*opened)->size());
  ASSERT_LT(bytes, 16_KiB);
  for (std::uint64_t at = 0; at < bytes; at += at % 4096 < 200 ? 1 : 37) {
    disk_->flip(segment, at, std::byte{0x10});
    for (int i = 0; i < 3; ++i) ASSERT_EQ(read(std::to_string(i)).text, text(i)) << "byte " << at;
    disk_->flip(segment, at, std::byte{0x10});
    if (flash_->stats().entries < 3) kill();
  }
  // And with a start in between, sealed and not.
  for (bool orderly : {false, true}) {
    for (std::uint64_t at = 0; at < bytes; at += 101) {
      flash_.reset();
      disk_ = std::make_unique<sim::SimulatedDisk>();
      open();
      fill(3);
      segment = file();
      if (orderly) run(flash_->close());
      flash_.reset();
      disk_->flip(segment, at, std::byte{0x10});
      open();
      for (int i = 0; i < 3; ++i) ASSERT_EQ(read(std::to_string(i)).text, text(i)) << "byte " << at;
    }
  }
}

TEST_F(FlashRestartTest, WithEveryFaultOfTheDiskServiceGoesOn) {
  using Fault = sim::SimulatedDisk::Fault;
  for (Fault fault : {Fault::io_error, Fault::disk_full, Fault::short_write}) {
    bool got_through = false;
    for (std::uint64_t number = 1; !got_through; ++number) {
      flash_.reset();
      disk_ = std::make_unique<sim::SimulatedDisk>();
      disk_->fail_operation(number, fault, number % 2 == 0);
      make();
      run(flash_->open());
      for (int i = 0; i < 40; ++i) {
        put_on_flash(std::to_string(i), text(i));
        ASSERT_EQ(read(std::to_string(i / 2)).text, text(i / 2)) << "operation " << number;
      }
      run(flash_->close());
      got_through = disk_->operations() < number;
      if (got_through) {
        EXPECT_EQ(flash_->stats().switched_off, 0U);
      }
    }
  }
}

TEST_F(FlashRestartTest, APowerCutAnywhereLeavesNothingWrong) {
  for (std::uint64_t number = 1; number < 120; ++number) {
    flash_.reset();
    disk_ = std::make_unique<sim::SimulatedDisk>();
    disk_->cut_power_at_operation(number);
    make();
    run(flash_->open());
    for (int i = 0; i < 60; ++i) put_on_flash(std::to_string(i), text(i));
    flash_.reset();
    disk_->power_cut();
    std::unique_ptr<sim::SimulatedDisk> survivor = disk_->crash_image(number);
    disk_ = std::move(survivor);
    open();
    for (int i = 0; i < 60; ++i) {
      put_below(std::to_string(i), text(i));
      ASSERT_EQ(read(std::to_string(i)).text, text(i)) << "operation " << number;
    }
  }
}

/// Everything that may happen, in random order; compared with the store below, which knows.
TEST_F(FlashRestartTest, RandomOperationsShowWhatTheStoreBelowHas) {
  limits_.max_age = seconds(0);  // others write too
  open();
  Random random(11);
  auto name = [&] { return std::to_string(random.below(30)); };
  for (int step = 0; step < 3'000; ++step) {
    clock_.advance(milliseconds(10));
    std::string text = test_text(random.below(3'000), random());
    std::string some = name();
    switch (random.below(9)) {
      case 0:
        EXPECT_THAT(put(some, text), IsOk());
        break;
      case 1:
        put_below(some, text);
        break;
      case 2:
        EXPECT_THAT(run(flash_->remove(key(some), WriteCondition())), IsOk());
        break;
      case 3:
        EXPECT_THAT(run(store_.remove(key(some), WriteCondition())), IsOk());
        break;
      case 4:
        if (random.below(10) == 0) random.below(2) == 0 ? restart() : kill();
        break;
      default:
        for (int i = 0; i < 3; ++i) {
          std::string fed = name();
          if (*run(store_.stat(key(fed)))) add_to_tail(fed);
        }
        feed();
    }
    std::string asked = name();
    auto below = run(store_.get(key(asked)));
    Read seen = read(asked);
    ASSERT_EQ(seen.text, *below ? std::optional((*below)->body.to_string()) : std::nullopt) << "step " << step;
  }
  EXPECT_GT(flash_->stats().hits + flash_->stats().misses, 0U);
}

}  // namespace
}  // namespace shoal::flash
