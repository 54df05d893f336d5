// What a checkpoint saves a start from reading, and what must not be lost or come back because of it.
#include <algorithm>
#include <cstdint>
#include <iostream>
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

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Ge;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Lt;
using ::testing::SizeIs;

using Content = std::optional<std::string>;

ObjectKey key(int number) { return {"bucket", "train/" + std::to_string(number)}; }

std::string text_of(int number, int generation, std::size_t bytes = 700) {
  std::string text = std::to_string(number) + "/" + std::to_string(generation) + "/";
  Random random(static_cast<std::uint64_t>(number * 1'000 + generation));
  while (text.size() < bytes) text += static_cast<char>('a' + random.below(26));
  return text;
}

class CheckpointTest : public ::testing::TestWithParam<EngineShape> {
 protected:
  CheckpointTest() : engine_(GetParam().loops, GetParam().options()) {}

  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }
  void put(int number, int generation, std::size_t bytes = 700) {
    expected_[number] = text_of(number, generation, bytes);
    ASSERT_THAT(engine_.put(key(number), *expected_[number]), IsOk());
  }
  void remove(int number) {
    expected_[number] = std::nullopt;
    ASSERT_THAT(engine_.remove(key(number)), IsOkAnd(true));
  }
  void checkpoint() { ASSERT_THAT(engine_.run(engine_.engine().checkpoint()), IsOk()); }
  void compact() { ASSERT_THAT(engine_.run(engine_.engine().compact()), IsOk()); }
  void crash() {
    engine_.cut_power(1);
    ASSERT_THAT(engine_.open(), IsOk());
  }
  LogEngine::Statistics statistics() { return engine_.run(engine_.engine().statistics()); }
  void check() {
    std::uint64_t objects = 0;
    for (const auto& [number, text] : expected_) {
      ASSERT_THAT(engine_.get(key(number)), IsOkAnd(Eq(text))) << number;
      if (text) ++objects;
    }
    EXPECT_EQ(statistics().objects, objects);
    ListRequest request;
    request.bucket = "bucket";
    request.items_max = 10'000;
    Result<ListPage> page = engine_.run(engine_.store().list(request));
    ASSERT_THAT(page, IsOk());
    EXPECT_EQ(page->items.size(), objects);
  }
  std::vector<std::string> files(std::string_view suffix) {
    std::vector<std::string> names = engine_.run(engine_.disk().list("data/checkpoints")).value();
    std::erase_if(names, [&](const std::string& name) { return !name.ends_with(suffix); });
    return names;
  }
  std::uint64_t bytes_of(const std::string& path) {
    auto file = engine_.run(engine_.disk().open(path, io::OpenOptions()));
    return engine_.run((*file)->size()).value();
  }

  TestEngine engine_;
  std::map<int, Content> expected_;
};

INSTANTIATE_TEST_SUITE_P(Shapes, CheckpointTest, ::testing::ValuesIn(engine_shapes),
                         [](const auto& shape) { return shape.param.name(); });

TEST_P(CheckpointTest, AStartAfterACloseReadsNoLog) {
  for (int number = 0; number < 300; ++number) put(number, 0);
  for (int number = 0; number < 300; number += 3) remove(number);
  put(1'000, 0, 50'000);  // in extents
  ASSERT_THAT(engine_.close(), IsOk());
  for (std::size_t loops : {GetParam().loops, GetParam().loops + 1, std::size_t{1}}) {
    engine_.use_loops(loops);
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_EQ(statistics().recovered_records, 0U);
    check();
    ASSERT_THAT(engine_.close(), IsOk());
  }
}

TEST_P(CheckpointTest, AStartAfterACrashReadsWhatCameBehindIt) {
  for (int number = 0; number < 300; ++number) put(number, 0);
  checkpoint();
  for (int number = 0; number < 20; ++number) put(number, 1);
  for (int number = 100; number < 110; ++number) remove(number);
  for (int number = 400; number < 410; ++number) put(number, 0, 20'000);
  crash();
  std::uint64_t in_extents = 10 * 3;
  EXPECT_EQ(statistics().recovered_records, 20 + 10 + 10 + in_extents);
  check();
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.open(), IsOk());
  check();
}

TEST_P(CheckpointTest, ALogThatGrowsOverManyShortLivesIsCovered) {
  engine_.options().checkpoints.log_bytes = 64_KiB;
  std::uint64_t most_records = 0;
  for (int life = 0; life < 40; ++life) {
    for (int i = 0; i < 10; ++i) put(i, life);
    crash();
    most_records = std::max(most_records, statistics().recovered_records);
    engine_.drain_loops();
  }
  EXPECT_LT(most_records * 700, 2 * 64_KiB) << "all lives together wrote " << 40 * 10 * 700 << " bytes";
  check();
}

TEST_P(CheckpointTest, DeletionsThatAreKeptAreNotCopiedInEachLife) {
  engine_.options().compaction.garbage_share_max = 0.99;
  crash();
  for (int number = 0; number < 300; ++number) put(number, 0);
  for (int number = 0; number < 300; ++number) remove(number);
  for (int life = 0; life < 4; ++life) {
    engine_.drain_loops();
    crash();
    put(1'000 + life, 0);
    engine_.drain_loops();
    EXPECT_EQ(statistics().compaction.bytes_moved, 0U) << "in life " << life;
  }
  check();
}

TEST_P(CheckpointTest, UploadsAndBucketsAreInIt) {
  ASSERT_THAT(engine_.make_bucket("another"), IsOk());
  std::size_t loop = engine_.owner(key(1));
  std::string id = engine_.run(engine_.store(loop).create_upload(key(1), ObjectInfo()), loop).value();
  UploadKey upload{key(1), id};
  std::string text = text_of(1, 0, 20'000);
  for (std::uint32_t number = 1; number <= 2; ++number) {
    PartInfo part;
    part.number = number;
    part.size = text.size();
    part.etag = "etag";
    ASSERT_THAT(engine_.run(engine_.store(loop).put_part(upload, part, Body::copy_of(text)), loop), IsOk());
  }
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.open(), IsOk());
  EXPECT_EQ(statistics().recovered_records, 0U);
  EXPECT_THAT(engine_.run(engine_.store().list_buckets()), IsOkAnd(SizeIs(2)));
  Result<std::vector<PartInfo>> parts = engine_.run(engine_.store(loop).list_parts(upload), loop);
  ASSERT_THAT(parts, IsOkAnd(SizeIs(2)));
  ObjectInfo info;
  info.parts = *parts;
  info.size = 2 * text.size();
  info.etag = "whole";
  checkpoint();
  ASSERT_THAT(engine_.run(engine_.store(loop).complete_upload(upload, info, WriteCondition()), loop), IsOk());
  ASSERT_THAT(engine_.run(engine_.store().remove_bucket("another")), IsOk());
  crash();
  EXPECT_THAT(engine_.get(key(1)), IsOkAnd(Eq(text + text)));
  EXPECT_THAT(engine_.run(engine_.store().list_uploads("bucket", "")), IsOkAnd(SizeIs(0)));
  EXPECT_THAT(engine_.run(engine_.store().list_buckets()), IsOkAnd(SizeIs(1)));
}

/// Compaction keeps the record that ended the upload, also when its object was deleted and a checkpoint knows that.
TEST_P(CheckpointTest, AnObjectOfPartsStaysDeleted) {
  constexpr int uploads = 4;
  for (int number = 0; number < uploads; ++number) {
    std::size_t loop = engine_.owner(key(number));
    ASSERT_THAT(engine_.run(engine_.upload_task(key(number), text_of(number, 0, 20'000)), loop), IsOk());
  }
  for (int number = 300; number < 600; ++number) put(number, 0);
  for (int number = 0; number < uploads; ++number) remove(number);
  for (int number = 600; number < 900; ++number) put(number, 0);  // so hardly anything beside the deletions is garbage
  checkpoint();
  compact();
  crash();
  check();
  EXPECT_THAT(engine_.run(engine_.store().list_uploads("bucket", "")), IsOkAnd(SizeIs(0)));
}

TEST_P(CheckpointTest, OnlyPagesThatChangedAreWrittenAgain) {
  for (int number = 0; number < 3'000; ++number) put(number, 0, 10);
  checkpoint();
  std::uint64_t all = statistics().checkpoints.bytes_written;
  put(1, 1, 10);
  checkpoint();
  std::uint64_t few = statistics().checkpoints.bytes_written - all;
  EXPECT_THAT(few, Lt(all / 10));
  EXPECT_THAT(few, Ge(1U));
  EXPECT_THAT(files(".root"), ElementsAre("0000000001.root", "0000000002.root"));
  crash();
  check();
}

TEST_P(CheckpointTest, FilesAreEmptiedAndGoWhenTheyAreHardlyUsed) {
  for (int generation = 0; generation < 12; ++generation) {
    for (int number = 0; number < 400; ++number) put(number, generation, 10);
    checkpoint();
  }
  std::uint64_t stored = 0;
  for (const std::string& name : files(".pages")) stored += bytes_of("data/checkpoints/" + name);
  std::uint64_t written = statistics().checkpoints.bytes_written;
  EXPECT_THAT(stored * 4, Lt(written)) << "of twelve, what the last two need";
  EXPECT_THAT(files(".root"), ElementsAre("0000000011.root", "0000000012.root"));
  crash();
  check();
}

TEST_P(CheckpointTest, TheOneBeforeServesWhenTheNewestIsDamaged) {
  for (int number = 0; number < 200; ++number) put(number, 0);
  checkpoint();
  for (int number = 0; number < 50; ++number) remove(number);
  for (int number = 50; number < 70; ++number) put(number, 1);
  checkpoint();
  // Compaction drops nothing yet that only the newest knows.
  compact();
  for (int number = 70; number < 80; ++number) remove(number);
  std::string newest = "data/checkpoints/" + files(".root").back();
  engine_.disk().flip(newest, bytes_of(newest) / 2, std::byte{4});
  crash();
  check();
  checkpoint();
  crash();
  check();
}

TEST_P(CheckpointTest, DeletionsGoWhenTwoCheckpointsKnowOfThem) {
  for (int number = 0; number < 200; ++number) put(number, 0);
  for (int number = 0; number < 200; number += 2) remove(number);
  for (int number = 300; number < 500; ++number) put(number, 0);  // so that their segments are sealed
  compact();
  std::uint64_t with_deletions = statistics().log_bytes;
  checkpoint();
  compact();
  EXPECT_THAT(statistics().log_bytes, Ge(with_deletions - 64_KiB)) << "one is not enough";
  checkpoint();
  checkpoint();
  for (int generation = 1; generation < 4; ++generation) {
    for (int number = 300; number < 500; ++number) put(number, generation);
  }
  checkpoint();
  checkpoint();
  compact();
  std::uint64_t live = 0;
  for (const auto& [segment, bytes] : statistics().live_bytes) live += bytes;
  EXPECT_THAT(statistics().log_bytes, Lt(live + 5 * 64_KiB));
  crash();
  check();
}

TEST_P(CheckpointTest, TwoCheckpointsOfEarlierLivesAreEnoughToForgetDeletions) {
  for (int number = 0; number < 300; ++number) put(number, 0);
  for (int number = 0; number < 300; ++number) remove(number);
  crash();
  checkpoint();
  crash();
  put(1'000, 0);
  checkpoint();
  crash();
  compact();
  EXPECT_THAT(statistics().compaction.bytes_moved, Lt(200U)) << "what the bucket is";
  EXPECT_THAT(statistics().log_bytes, Lt(3'000U)) << "the object and what the last life wrote";
  check();
  crash();
  check();
}

TEST_P(CheckpointTest, ASecondCheckpointLetsCompactionForget) {
  engine_.options().compaction.garbage_share_max = 0.99;
  crash();
  for (int number = 0; number < 300; ++number) put(number, 0);
  for (int number = 0; number < 300; ++number) remove(number);
  crash();
  for (int number = 1'000; number < 1'003; ++number) {
    put(number, 0);
    checkpoint();
    engine_.drain_loops();
  }
  EXPECT_THAT(statistics().log_bytes, Lt(8'000U));
  check();
}

TEST_P(CheckpointTest, NoneMayBeMissing) {
  for (int number = 0; number < 20; ++number) put(number, 0);
  checkpoint();
  checkpoint();
  for (int number = 0; number < 200; ++number) put(number, 1);  // begins segments that know of the second
  checkpoint();
  engine_.cut_power(1);
  for (const std::string& name : files(".root")) {
    ASSERT_THAT(engine_.run(engine_.disk().remove("data/checkpoints/" + name)), IsOk());
  }
  Result<void> opened = engine_.open();
  ASSERT_THAT(opened, HasError(ErrorCode::corrupt));
  EXPECT_THAT(opened.error().message, HasSubstr("there was a checkpoint"));
}

TEST_P(CheckpointTest, AMissingSegmentIsNoticed) {
  for (int number = 0; number < 300; ++number) put(number, 0);
  ASSERT_THAT(engine_.close(), IsOk());
  std::string first = engine_.run(engine_.disk().list("data/segments")).value().front();
  ASSERT_THAT(engine_.run(engine_.disk().remove("data/segments/" + first)), IsOk());
  Result<void> opened = engine_.open();
  ASSERT_THAT(opened, HasError(ErrorCode::corrupt));
  EXPECT_THAT(opened.error().message, HasSubstr("is missing"));
}

TEST_P(CheckpointTest, NoFlippedByteIsBelieved) {
  for (int number = 0; number < 40; ++number) put(number, 0, 100);
  checkpoint();
  for (int number = 0; number < 10; ++number) put(number, 1, 100);
  remove(11);
  checkpoint();
  engine_.cut_power(1);
  std::uint64_t flipped = 0, refused = 0;
  std::vector<std::string> names = engine_.run(engine_.disk().list("data/checkpoints")).value();
  for (const std::string& name : names) {
    std::string path = "data/checkpoints/" + name;
    std::uint64_t bytes = bytes_of(path);
    for (std::uint64_t at = 0; at < bytes; at += 1 + bytes / 60) {
      SCOPED_TRACE(path + " at " + std::to_string(at));
      engine_.use_disk(engine_.disk().crash_image(1));
      engine_.disk().flip(path, at, std::byte{0x20});
      Result<void> opened = engine_.open();
      ++flipped;
      if (opened && GetParam().index_memory_max > 0) {
        // Pages are looked at when they are needed.
        for (const auto& [number, text] : expected_) {
          Result<Content> content = engine_.get(key(number));
          ASSERT_THAT(content, AnyOf(IsOkAnd(Eq(text)), HasError(ErrorCode::corrupt)));
        }
      } else if (opened) {
        ASSERT_NO_FATAL_FAILURE(check());
      } else {
        ++refused;
        ASSERT_THAT(opened, HasError(ErrorCode::corrupt));
      }
      engine_.cut_power(1);
      engine_.disk().flip(path, at, std::byte{0x20});
    }
  }
  std::cout << "bytes flipped " << flipped << ", directories refused " << refused << ", lost 0, resurrected 0\n";
}

/// Writes, deletions, compaction and checkpoints at once, each interrupted by the others at any point.
class Turmoil {
 public:
  Turmoil(TestEngine& engine, std::uint64_t seed) : engine_(engine), random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps && !engine_.disk().is_cut(); ++step) {
      start_something();
      for (std::uint64_t polls = random_.below(4); polls > 0; --polls) engine_.poll();
      collect();
    }
  }
  /// Waits for what is on its way.
  void settle() {
    engine_.drain_loops();
    collect();
  }
  /// One of the things that each key may be.
  std::uint64_t check() {
    for (const auto& [number, possible] : possible_) {
      Result<Content> content = engine_.get(key(number));
      EXPECT_THAT(content, IsOk());
      EXPECT_TRUE(content && std::ranges::find(possible, *content) != possible.end()) << "key " << number;
    }
    return possible_.size();
  }

 private:
  struct Write {
    int number;
    Content content;
    std::optional<testing::Running<Result<ObjectInfoPtr>>> put;
    std::optional<testing::Running<Result<bool>>> removal;
    bool done() const { return put ? put->done() : removal->done(); }
    bool succeeded() { return put ? put->result().has_value() : removal->result().has_value(); }
  };

  void start_something() {
    auto number = static_cast<int>(random_.below(60));
    std::uint64_t what = random_.below(20);
    if (what == 0) {
      maintenance_.push_back(engine_.start(engine_.engine().checkpoint()));
    } else if (what == 1) {
      maintenance_.push_back(engine_.start(engine_.engine().compact()));
    } else if (std::ranges::none_of(writes_, [&](const Write& write) { return write.number == number; })) {
      std::size_t loop = engine_.owner(key(number));
      Write write{number, std::nullopt, {}, {}};
      if (random_.below(3) == 0) {
        write.removal.emplace(engine_.start(engine_.store(loop).remove(key(number), WriteCondition()), loop));
      } else {
        write.content = text_of(number, ++generation_, random_.below(10) == 0 ? 20'000 : 600);
        bool in_parts = random_.below(4) == 0;
        write.put.emplace(engine_.start(
            in_parts ? engine_.upload_task(key(number), *write.content) : engine_.put_task(key(number), *write.content),
            loop));
      }
      std::vector<Content>& possible = possible_[number];
      if (possible.empty()) possible.emplace_back();
      possible.push_back(write.content);  // until it is acknowledged, the old or the new
      writes_.push_back(std::move(write));
    }
  }
  void collect() {
    for (Write& write : writes_) {
      if (write.done() && write.succeeded()) possible_[write.number] = {write.content};
    }
    std::erase_if(writes_, [](const Write& write) { return write.done(); });
    std::erase_if(maintenance_, [](const auto& running) { return running.done(); });
  }

  TestEngine& engine_;
  Random random_;
  int generation_ = 0;
  std::vector<Write> writes_;
  std::vector<testing::Running<Result<void>>> maintenance_;
  std::map<int, std::vector<Content>> possible_;
};

TEST_P(CheckpointTest, InTheMidstOfEverythingNothingIsLostOrComesBack) {
  std::uint64_t verified = 0;
  constexpr std::uint64_t seeds = 40;
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TestEngine engine(GetParam().loops, GetParam().options());
    ASSERT_THAT(engine.open(), IsOk());
    ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
    Turmoil turmoil(engine, seed);
    for (int life = 0; life < 3; ++life) {
      turmoil.run(150);
      engine.disk().cut_power_at_operation(engine.disk().operations() + seed % 9);
      turmoil.run(20);
      if (!engine.disk().is_cut()) engine.disk().power_cut();
      turmoil.settle();
      engine.cut_power(seed);
      ASSERT_THAT(engine.open(), IsOk());
      verified += turmoil.check();
    }
  }
  std::cout << "cycles " << 3 * seeds << ", objects verified " << verified << ", lost 0, resurrected 0\n";
}

}  // namespace
}  // namespace shoal::storage
