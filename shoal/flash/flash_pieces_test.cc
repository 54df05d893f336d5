// Large objects, whose bodies come in pieces: from memory, from flash and from the store below.
#include <gtest/gtest.h>

#include "shoal/base/random.h"
#include "shoal/cache/memory_cache.h"
#include "shoal/flash/flash_cache_test.h"

namespace shoal::flash {
namespace {

class FlashPiecesTest : public FlashCacheTest {
 protected:
  static constexpr std::uint64_t piece = 4'000;
  static constexpr std::uint64_t size = 18'500;  // five pieces

  FlashPiecesTest() : FlashCacheTest({.body_bytes_max = 2'000}) {
    options_.whole_bytes_max = 2'000;
    options_.piece_bytes = piece;
  }
  ~FlashPiecesTest() override { stop_memory(); }

  void start_all() {
    open();
    start_memory();
  }
  void start_memory() {
    cache::MemoryCacheOptions options;
    options.object_bytes_max = 2'000;
    options.piece_bytes = piece;
    memory_ = std::make_unique<cache::MemoryCache>(*flash_, clock_, memory_account_, options);
    memory_->tell_evictions([this](const EvictionCandidate& candidate) { flash_->keep_evicted(candidate); });
    feed_memory();
  }
  void stop_memory() {
    if (memory_ != nullptr) run(memory_->close());
    memory_.reset();
  }
  void start_anew(bool orderly) {
    stop_memory();
    orderly ? restart() : kill();
    start_memory();
  }
  /// A disk on which nothing has happened yet, and nothing in memory.
  void start_on_new_disk() {
    stop_memory();
    flash_.reset();
    disk_ = std::make_unique<sim::SimulatedDisk>();
  }

  void feed_memory() { run(flash_->feed(memory_.get(), 1_MiB)); }
  /// All that is in memory.
  void move_to_flash() {
    memory_->set_capacity(0);
    memory_->set_capacity(64_MiB);
    feed_memory();
  }
  Object open_object(const std::string& name) { return run(memory_->get(key(name))).value().value(); }
  std::string read_range(const Object& object, std::uint64_t offset, std::uint64_t length) {
    return run(object.reader->read(offset, length)).value().to_string();
  }
  std::string read_large(const std::string& name, std::uint64_t offset = 0, std::uint64_t length = size) {
    return read_range(open_object(name), offset, length);
  }
  void put_large_on_flash(const std::string& name, const std::string& text) {
    put_below(name, text);
    EXPECT_EQ(read_large(name, 0, text.size()), text);
    move_to_flash();
  }
  static std::string text(std::uint64_t seed) { return test_text(size, seed); }
  std::uint64_t pieces_on_flash(const std::string& name) {
    auto copy = flash_->find_copy(key(name));
    return copy ? copy->pieces : 0;
  }
  std::uint64_t pieces_read_below() const { return below_.calls(StoreCall::read); }

  MemoryAccount memory_account_{"cache"};
  std::unique_ptr<cache::MemoryCache> memory_;
};

TEST_F(FlashPiecesTest, PiecesThatMemoryEvictsAreReadFromFlash) {
  start_all();
  put_below("a", text(1));
  EXPECT_FALSE(open_object("a").from_flash);
  EXPECT_EQ(read_large("a"), text(1));
  EXPECT_EQ(pieces_read_below(), 5U);
  move_to_flash();
  EXPECT_EQ(pieces_on_flash("a"), 5U);
  EXPECT_TRUE(open_object("a").from_flash);
  EXPECT_EQ(read_large("a"), text(1));
  EXPECT_EQ(pieces_read_below(), 5U);
  EXPECT_EQ(flash_->stats().hits, 5U);
  move_to_flash();
  EXPECT_EQ(flash_->stats().objects_written, 5U);  // they were there
}

TEST_F(FlashPiecesTest, TheEndsOfTheListsHavePiecesToo) {
  start_all();
  put_below("a", text(1));
  read_large("a");
  feed_memory();
  EXPECT_EQ(pieces_on_flash("a"), 5U);
}

TEST_F(FlashPiecesTest, ARangeMayHavePiecesFromMemoryFlashAndTheStoreBelow) {
  start_all();
  put_below("a", text(1));
  read_large("a", 0, 2 * piece);
  move_to_flash();
  read_large("a", 2 * piece, 10);
  std::uint64_t before = pieces_read_below();
  EXPECT_EQ(read_large("a", 3'000, 11'000), text(1).substr(3'000, 11'000));
  EXPECT_EQ(flash_->stats().hits, 2U);
  EXPECT_EQ(memory_->stats().piece_hits, 1U);
  EXPECT_EQ(pieces_read_below(), before + 1);
}

TEST_F(FlashPiecesTest, PiecesOfTwoStatesAreNeverMixed) {
  start_all();
  put_large_on_flash("a", text(1));
  clock_.advance(seconds(1));
  put_below("a", text(2));
  Object changed = open_object("a");
  EXPECT_FALSE(changed.from_flash);
  EXPECT_EQ(pieces_on_flash("a"), 0U);
  EXPECT_EQ(read_range(changed, 0, size), text(2));
  move_to_flash();
  EXPECT_EQ(pieces_on_flash("a"), 5U);
  EXPECT_EQ(read_large("a"), text(2));
}

TEST_F(FlashPiecesTest, WhoReadsTheOldStateReadsNothingOfTheNewOne) {
  start_all();
  put_large_on_flash("a", text(1));
  Object old = open_object("a");
  EXPECT_EQ(read_range(old, 0, piece), text(1).substr(0, piece));
  clock_.advance(seconds(1));
  put_below("a", text(2));
  read_large("a");
  move_to_flash();
  EXPECT_EQ(read_range(old, 0, size), text(1));
  move_to_flash();
  EXPECT_EQ(read_large("a"), text(2));
}

TEST_F(FlashPiecesTest, AWriteDropsThePieces) {
  start_all();
  auto expect_dropped = [&](auto write) {
    put_large_on_flash("a", text(1));
    ASSERT_EQ(pieces_on_flash("a"), 5U);
    write();
    EXPECT_EQ(pieces_on_flash("a"), 0U);
    EXPECT_EQ(flash_->stats().entries, 0U);
    clock_.advance(seconds(1));
  };
  expect_dropped([&] { EXPECT_THAT(run(put_task(*memory_, "a", text(1))), IsOk()); });
  expect_dropped([&] { EXPECT_THAT(run(memory_->remove(key("a"), WriteCondition())), IsOk()); });
  expect_dropped([&] { EXPECT_THAT(run(put_task(*memory_, "a", "small")), IsOk()); });
  EXPECT_EQ(flash_->stats().dropped(DropReason::written), 15U);
}

TEST_F(FlashPiecesTest, AWriteCancelsPiecesOnTheirWay) {
  start_all();
  put_below("a", text(1));
  read_large("a");
  memory_->set_capacity(0);
  memory_->set_capacity(64_MiB);
  EXPECT_THAT(run(put_task(*memory_, "a", text(2))), IsOk());
  feed_memory();
  EXPECT_EQ(pieces_on_flash("a"), 0U);
}

TEST_F(FlashPiecesTest, DoubtIsSettledByTheNextRead) {
  start_all();
  put_large_on_flash("a", text(1));
  flash_->doubt(key("a"));
  std::uint64_t before = pieces_read_below();
  EXPECT_EQ(read_large("a"), text(1));  // the store below was asked
  EXPECT_EQ(pieces_read_below(), before);
  put_below("a", text(2));
  flash_->doubt(key("a"));
  EXPECT_EQ(read_large("a"), text(2));
}

TEST_F(FlashPiecesTest, AStartFindsThePiecesAgain) {
  for (bool orderly : {true, false}) {
    start_all();
    put_large_on_flash("a", text(1));
    put_large_on_flash("changes", text(1));
    put_below("small", "text");
    run(memory_->get(key("small")));
    move_to_flash();
    start_anew(orderly);
    clock_.advance(seconds(1));
    put_below("changes", text(2));
    std::uint64_t before = pieces_read_below();
    EXPECT_EQ(pieces_on_flash("a"), 5U);
    EXPECT_EQ(read_large("a"), text(1));
    EXPECT_EQ(pieces_read_below(), before);
    EXPECT_EQ(read_large("changes"), text(2));
    EXPECT_EQ(pieces_read_below(), before + 5);
    EXPECT_EQ(read("small").text, "text");
    stop_memory();
  }
}

TEST_F(FlashPiecesTest, ThePiecesOfTheNewestStateCountAfterAStart) {
  start_all();
  put_large_on_flash("a", text(1));
  clock_.advance(seconds(1));
  put_large_on_flash("a", text(2));
  start_anew(false);
  std::uint64_t before = pieces_read_below();
  EXPECT_EQ(read_large("a"), text(2));
  EXPECT_EQ(pieces_read_below(), before);
}

TEST_F(FlashPiecesTest, AnOperatorSeesAndEvictsPieces) {
  start_all();
  auto of_a = [](std::string_view, std::string_view name) { return name == "a"; };
  put_large_on_flash("a", text(1));
  put_large_on_flash("b", text(2));
  FlashInventory there = run(flash_->survey(of_a)).value();
  EXPECT_EQ(there.objects, 0U);
  EXPECT_EQ(there.pieces, 5U);
  EXPECT_GT(there.bytes, size);
  EXPECT_EQ(run(flash_->evict(of_a)).value().pieces, 5U);
  EXPECT_EQ(pieces_on_flash("a"), 0U);
  start_anew(false);
  EXPECT_EQ(pieces_on_flash("a"), 0U);
  EXPECT_EQ(pieces_on_flash("b"), 5U);
}

TEST_F(FlashPiecesTest, TheCapacityIsNeverExceeded) {
  disk_->set_capacity(options_.log.capacity);
  start_all();
  for (std::uint64_t i = 0; i < 60; ++i) {
    put_large_on_flash(std::to_string(i), text(i));
    EXPECT_EQ(pieces_on_flash(std::to_string(i)), 5U);
    EXPECT_EQ(read_large("0"), text(0));
    ASSERT_LE(flash_->stats().disk_bytes, options_.log.capacity);
  }
  EXPECT_EQ(flash_->stats().switched_off, 0U);
  EXPECT_EQ(pieces_on_flash("1"), 0U);
  EXPECT_EQ(pieces_on_flash("0"), 5U);  // it was hit all the time
  EXPECT_GT(flash_->stats().bytes_rewritten, 0U);
}

TEST_F(FlashPiecesTest, TheMemoryOfTheIndexIsLimited) {
  options_.index_bytes_max = 64_KiB;
  options_.log.segment_bytes = 32_KiB;
  start_all();
  for (std::uint64_t i = 0; i < 300; ++i) {
    put_large_on_flash(std::to_string(i), test_text(2'500, i));
    ASSERT_LE(flash_->stats().index_bytes, options_.index_bytes_max);
  }
  EXPECT_GT(flash_->stats().entries, 5U);
}

TEST_F(FlashPiecesTest, NoFlippedByteIsEverServed) {
  start_all();
  put_large_on_flash("a", text(1));
  std::string segment = "flash/" + run(disk_->list("flash"))->front();
  auto opened = run(disk_->open(segment, io::OpenOptions()));
  std::uint64_t bytes = *run((*opened)->size());
  for (bool started_anew : {false, true}) {
    for (std::uint64_t at = 0; at < bytes; at += at % 4'096 < 200 ? 7 : 331) {
      disk_->flip(segment, at, std::byte{0x10});
      if (started_anew) start_anew(false);
      ASSERT_EQ(read_large("a"), text(1)) << "byte " << at;
      start_on_new_disk();
      start_all();
      put_large_on_flash("a", text(1));
      segment = "flash/" + run(disk_->list("flash"))->front();
    }
  }
}

TEST_F(FlashPiecesTest, WithEveryFaultOfTheDiskTheRightBytesAreRead) {
  using Fault = sim::SimulatedDisk::Fault;
  for (Fault fault : {Fault::io_error, Fault::disk_full, Fault::short_write}) {
    bool got_through = false;
    for (std::uint64_t number = 1; !got_through; ++number) {
      start_on_new_disk();
      disk_->fail_operation(number, fault, number % 2 == 0);
      make();
      run(flash_->open());
      start_memory();
      for (std::uint64_t i = 0; i < 8; ++i) {
        put_large_on_flash(std::to_string(i), text(i));
        ASSERT_EQ(read_large(std::to_string(i / 2)), text(i / 2)) << "operation " << number;
      }
      got_through = disk_->operations() < number;
    }
  }
}

TEST_F(FlashPiecesTest, APowerCutAnywhereLeavesNothingWrong) {
  for (std::uint64_t number = 1; number < 60; ++number) {
    start_on_new_disk();
    disk_->cut_power_at_operation(number);
    make();
    run(flash_->open());
    start_memory();
    for (std::uint64_t i = 0; i < 8; ++i) put_large_on_flash(std::to_string(i), text(i));
    stop_memory();
    flash_.reset();
    disk_->power_cut();
    std::unique_ptr<sim::SimulatedDisk> survivor = disk_->crash_image(number);
    disk_ = std::move(survivor);
    start_all();
    for (std::uint64_t i = 0; i < 8; ++i) ASSERT_EQ(read_large(std::to_string(i)), text(i)) << "operation " << number;
  }
}

/// Everything that may happen to large and small objects of a few names; compared with the store below, which knows.
TEST_F(FlashPiecesTest, RandomOperationsShowWhatTheStoreBelowHas) {
  start_all();
  Random random(17);
  for (int step = 0; step < 3'000; ++step) {
    clock_.advance(milliseconds(10));
    std::string name = std::to_string(random.below(6));
    std::uint64_t bytes = 2'001 + random.below(20'000);
    switch (random.below(8)) {
      case 0:
        EXPECT_THAT(run(put_task(*memory_, name, test_text(bytes, random()))), IsOk());
        break;
      case 1:
        put_below(name, test_text(bytes, random()));
        break;
      case 2:
        EXPECT_THAT(run(memory_->remove(key(name), WriteCondition())), IsOk());
        break;
      case 3:
        move_to_flash();
        break;
      case 4:
        if (random.below(8) == 0) start_anew(random.below(2) == 0);
        break;
      default:
        feed_memory();
    }
    auto below = run(store_.get(key(name))).value();
    auto seen = run(memory_->get(key(name)));
    ASSERT_THAT(seen, IsOk());
    if (!below) continue;  // memory may know an older one, or that there is none
    if (!*seen || (*seen)->reader == nullptr) continue;
    std::uint64_t offset = random.below(below->info->size);
    std::uint64_t length = 1 + random.below(below->info->size - offset);
    ASSERT_EQ((*seen)->info->etag, below->info->etag) << "step " << step;
    ASSERT_EQ(read_range(**seen, offset, length), run(below->reader->read(offset, length)).value().to_string())
        << "step " << step;
  }
  EXPECT_GT(flash_->stats().hits, 0U);
}

}  // namespace
}  // namespace shoal::flash
