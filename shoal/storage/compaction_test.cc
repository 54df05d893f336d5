// Space comes back, and nothing else changes.
#include <map>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Eq;
using ::testing::Ge;
using testing::HasError;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Le;
using ::testing::Lt;
using ::testing::Optional;

ObjectKey key(int number) { return {"bucket", std::to_string(number)}; }

std::string text_of(int number, int generation, std::size_t bytes = 1'000) {
  std::string text = "object " + std::to_string(number) + ", generation " + std::to_string(generation) + " ";
  while (text.size() < bytes) text += text;
  text.resize(bytes);
  return text;
}

/// Objects of which most are overwritten three times.
void open_and_overwrite(TestEngine& engine, std::map<int, std::optional<std::string>>& expected) {
  ASSERT_THAT(engine.open(), IsOk());
  ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
  for (int generation = 0; generation < 4; ++generation) {
    for (int number = 0; number < 40; ++number) {
      if (generation > 0 && number % 5 == 0) continue;
      expected[number] = text_of(number, generation);
      ASSERT_THAT(engine.put(key(number), *expected[number]), IsOk());
    }
  }
}

class CompactionTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  CompactionTest() : engine_(GetParam()) {}

  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }

  void put(int number, int generation, std::size_t bytes = 1'000) {
    expected_[number] = text_of(number, generation, bytes);
    ASSERT_THAT(engine_.put(key(number), *expected_[number]), IsOk());
  }
  void remove(int number) {
    expected_[number] = std::nullopt;
    ASSERT_THAT(engine_.remove(key(number)), IsOkAnd(true));
  }
  void compact() { ASSERT_THAT(engine_.run(engine_.engine().compact()), IsOk()); }
  LogEngine::Statistics statistics() { return engine_.run(engine_.engine().statistics()); }
  std::uint64_t live_bytes() {
    std::uint64_t sum = 0;
    for (const auto& [segment, bytes] : statistics().live_bytes) sum += bytes;
    return sum;
  }
  void restart() {
    ASSERT_THAT(engine_.close(), IsOk());
    ASSERT_THAT(engine_.open(), IsOk());
  }
  void check() {
    for (const auto& [number, text] : expected_) ASSERT_THAT(engine_.get(key(number)), IsOkAnd(Eq(text))) << number;
  }
  /// Flips a bit of the first place in the segments where this text is.
  bool flip_in(const std::string& text) {
    io::Disk& disk = engine_.disk();
    Result<std::vector<std::string>> names = engine_.run(disk.list("data/segments"));
    for (const std::string& name : *names) {
      std::string path = "data/segments/" + name;
      Result<std::vector<std::byte>> content = engine_.run(io::read_file(&disk, path, 1_MiB));
      std::size_t found = as_text(*content).find(text);
      if (found == std::string_view::npos) continue;
      engine_.disk().flip(path, found, std::byte{1});
      return true;
    }
    return false;
  }
  std::size_t files() { return engine_.run(engine_.disk().list("data/segments"))->size(); }

  TestEngine engine_;
  std::map<int, std::optional<std::string>> expected_;
};

INSTANTIATE_TEST_SUITE_P(Loops, CompactionTest, ::testing::Values(1, 2));

TEST_P(CompactionTest, WhatWasOverwrittenGoesAndTheRestStays) {
  for (int generation = 0; generation < 20; ++generation) {
    for (int number = 0; number < 40; ++number) put(number, generation);
  }
  for (int number = 100; number < 140; ++number) put(number, 0);  // among what is replaced, and never replaced
  std::size_t files_before = files();
  compact();
  EXPECT_THAT(files(), Lt(files_before / 2));
  LogEngine::Statistics after = statistics();
  EXPECT_THAT(after.compaction.segments, Ge(1U));
  EXPECT_THAT(after.log_bytes, Le(live_bytes() + 6 * 64_KiB)) << "but for the segments that are being written";
  check();
  restart();
  check();
  EXPECT_EQ(statistics().objects, 80U);
}

TEST_P(CompactionTest, ASecondTimeThereIsNothingToDo) {
  for (int generation = 0; generation < 10; ++generation) {
    for (int number = 0; number < 40; ++number) put(number, generation);
  }
  for (int number = 0; number < 40; number += 2) remove(number);
  compact();
  std::uint64_t segments = statistics().compaction.segments;
  compact();
  EXPECT_EQ(statistics().compaction.segments, segments);
  check();
}

TEST_P(CompactionTest, ADeletionOutlivesWhatItDeletes) {
  // The objects lie in old segments that live on, because something else in them is not replaced.
  for (int number = 0; number < 200; ++number) put(number, 0);
  for (int number = 0; number < 200; number += 2) remove(number);
  for (int generation = 1; generation < 20; ++generation) {
    for (int number = 300; number < 330; ++number) put(number, generation);
  }
  for (int round = 0; round < 3; ++round) {
    compact();
    check();
    restart();
    check();
  }
}

TEST_P(CompactionTest, EachCrashOnTheWayLosesAndRevivesNothing) {
  for (std::uint64_t cut = 1; cut < 100; cut += 4) {
    SCOPED_TRACE("cut at operation " + std::to_string(cut));
    TestEngine engine(GetParam());
    std::map<int, std::optional<std::string>> expected;
    ASSERT_NO_FATAL_FAILURE(open_and_overwrite(engine, expected));
    for (int number = 0; number < 40; number += 7) {
      expected[number] = std::nullopt;
      ASSERT_THAT(engine.remove(key(number)), IsOkAnd(true));
    }
    engine.disk().cut_power_at_operation(engine.disk().operations() + cut);
    (void)engine.run(engine.engine().compact());
    for (std::uint64_t round = 0; round < 2; ++round) {
      engine.cut_power(cut + round);
      ASSERT_THAT(engine.open(), IsOk());
      for (const auto& [number, text] : expected) ASSERT_THAT(engine.get(key(number)), IsOkAnd(Eq(text))) << number;
      (void)engine.run(engine.engine().compact());
      for (const auto& [number, text] : expected) ASSERT_THAT(engine.get(key(number)), IsOkAnd(Eq(text))) << number;
    }
  }
}

TEST_P(CompactionTest, AFailureOfAnyOperationLosesNothing) {
  for (auto fault : {sim::SimulatedDisk::Fault::io_error, sim::SimulatedDisk::Fault::disk_full,
                     sim::SimulatedDisk::Fault::short_write}) {
    for (std::uint64_t number_of_operation = 1; number_of_operation < 90; number_of_operation += 6) {
      SCOPED_TRACE("operation " + std::to_string(number_of_operation));
      TestEngine engine(GetParam());
      std::map<int, std::optional<std::string>> expected;
      ASSERT_NO_FATAL_FAILURE(open_and_overwrite(engine, expected));
      engine.disk().fail_operation(engine.disk().operations() + number_of_operation, fault);
      (void)engine.run(engine.engine().compact());
      for (const auto& [number, text] : expected) {
        Result<std::optional<std::string>> content = engine.get(key(number));
        if (!content) content = engine.get(key(number));  // it was this read that failed
        ASSERT_THAT(content, IsOkAnd(Eq(text))) << number;
      }
      engine.drain_loops();
      if (!engine.put(key(1), "goes on")) {  // it was this write that failed
        ASSERT_THAT(engine.put(key(1), "goes on"), IsOk());
      }
      expected[1] = "goes on";
      engine.cut_power(number_of_operation);
      ASSERT_THAT(engine.open(), IsOk());
      for (const auto& [number, text] : expected) ASSERT_THAT(engine.get(key(number)), IsOkAnd(Eq(text))) << number;
    }
  }
}

TEST_P(CompactionTest, SeveralSegmentsGoWithOneSync) {
  for (int generation = 0; generation < 2; ++generation) {
    for (int number = 0; number < 300; ++number) put(number, generation);
  }
  std::uint64_t segments_before = statistics().compaction.segments;
  std::uint64_t syncs_before = engine_.disk().syncs();
  compact();
  std::uint64_t removed = statistics().compaction.segments - segments_before;
  EXPECT_THAT(removed, Ge(4U));
  // Each loop's two files and the directory, for eight segments or fewer; and the segments that were sealed.
  EXPECT_THAT(engine_.disk().syncs() - syncs_before, Lt(removed + 8 * GetParam()));
  check();
}

TEST_P(CompactionTest, RecordsThatAreTooLargeToScanAreCopiedToo) {
  ASSERT_THAT(engine_.close(), IsOk());
  engine_.options().segment_bytes = 2_MiB;
  engine_.options().extent_bytes_max = 1_MiB;
  ASSERT_THAT(engine_.open(), IsOk());
  for (int number = 0; number < 16; ++number) put(number, 0, 700'000);
  for (int number = 0; number < 16; number += 2) put(number, 1, 700'000);
  compact();
  EXPECT_THAT(statistics().compaction.bytes_moved, Ge(700'000U));
  check();
  restart();
  check();
}

TEST_P(CompactionTest, ReadersGoOnWithARemovedSegment) {
  put(1, 0, 30'000);  // in extents
  std::size_t loop = engine_.owner(key(1));
  std::optional<Object> object = *engine_.run(engine_.store(loop).get(key(1)), loop);
  ASSERT_TRUE(object && object->reader);
  std::string first = text_of(1, 0, 30'000);
  for (int generation = 1; generation < 20; ++generation) {
    for (int number = 0; number < 20; ++number) put(number, generation);
  }
  compact();
  Result<Body> body = engine_.run(object->reader->read(0, 30'000), loop);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->to_string(), first);
}

TEST_P(CompactionTest, WhatAnUnfinishedUploadNeedsStays) {
  std::size_t loop = engine_.owner(key(1));
  ObjectStore& store = engine_.store(loop);
  // One writer that has appended extents and not committed, one upload with a part.
  auto writer = engine_.run(store.begin_put(key(1)), loop);
  ASSERT_THAT(writer, IsOk());
  std::string streamed = text_of(1, 99, 60'000);
  ASSERT_THAT(engine_.run((*writer)->write(Body::copy_of(streamed.substr(0, 50'000))), loop), IsOk());
  std::size_t upload_loop = engine_.owner(key(2));
  ObjectStore& upload_store = engine_.store(upload_loop);
  Result<std::string> id = engine_.run(upload_store.create_upload(key(2), ObjectInfo()), upload_loop);
  ASSERT_THAT(id, IsOk());
  std::string part_text = text_of(2, 1, 20'000);
  PartInfo part;
  part.number = 1;
  part.size = part_text.size();
  part.etag = "etag";
  Result<PartInfo> stored =
      engine_.run(upload_store.put_part(UploadKey{key(2), *id}, part, Body::copy_of(part_text)), upload_loop);
  ASSERT_THAT(stored, IsOk());

  for (int generation = 1; generation < 20; ++generation) {
    for (int number = 10; number < 40; ++number) put(number, generation);
  }
  compact();
  ASSERT_THAT(engine_.run((*writer)->write(Body::copy_of(streamed.substr(50'000))), loop), IsOk());
  ASSERT_THAT(engine_.run((*writer)->commit(TestEngine::info_of(streamed), WriteCondition()), loop), IsOk());
  writer->reset();
  expected_[1] = streamed;
  ObjectInfo whole;
  whole.size = part_text.size();
  whole.etag = "whole";
  whole.parts.push_back(*stored);
  ASSERT_THAT(engine_.run(upload_store.complete_upload(UploadKey{key(2), *id}, whole, WriteCondition()), upload_loop),
              IsOk());
  expected_[2] = part_text;
  compact();
  check();
  restart();
  check();
  EXPECT_TRUE(engine_.run(engine_.store().list_uploads("bucket", ""))->empty()) << "an upload that ended came back";
}

TEST_P(CompactionTest, AnAbandonedWriterLeavesNothing) {
  std::uint64_t live_before = live_bytes();
  std::size_t loop = engine_.owner(key(1));
  auto writer = engine_.run(engine_.store(loop).begin_put(key(1)), loop);
  ASSERT_THAT(engine_.run((*writer)->write(Body::copy_of(std::string(100'000, 'x'))), loop), IsOk());
  writer->reset();
  engine_.drain_loops();
  EXPECT_EQ(live_bytes(), live_before);
}

TEST_P(CompactionTest, BucketsSurviveAndRemovedOnesStayRemoved) {
  ASSERT_THAT(engine_.make_bucket("other"), IsOk());
  ASSERT_THAT(engine_.make_bucket("gone"), IsOk());
  ASSERT_THAT(engine_.put({"gone", "a"}, "1"), IsOk());
  ASSERT_THAT(engine_.remove({"gone", "a"}), IsOkAnd(true));
  ASSERT_THAT(engine_.run(engine_.store().remove_bucket("gone")), IsOk());
  for (int generation = 1; generation < 20; ++generation) {
    for (int number = 0; number < 30; ++number) put(number, generation);
  }
  for (int round = 0; round < 2; ++round) {
    compact();
    restart();
    EXPECT_TRUE(engine_.run(engine_.store().stat_bucket("other"))->has_value());
    EXPECT_FALSE(engine_.run(engine_.store().stat_bucket("gone"))->has_value());
    check();
  }
}

TEST_P(CompactionTest, ADamagedSegmentStaysAndTheOthersAreCompacted) {
  for (int generation = 0; generation < 10; ++generation) {
    for (int number = 0; number < 40; ++number) {
      if (generation == 0 || number > 3) put(number, generation);
    }
  }
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.open(), IsOk());
  ASSERT_TRUE(flip_in(text_of(0, 0).substr(0, 30)));
  std::size_t files_before = files();
  compact();
  EXPECT_THAT(files(), Lt(files_before));
  EXPECT_THAT(engine_.get(key(0)), HasError(ErrorCode::corrupt));
  expected_.erase(0);
  check();
}

TEST_P(CompactionTest, NumbersAreNotGivenTwice) {
  for (int generation = 0; generation < 10; ++generation) {
    for (int number = 0; number < 20; ++number) put(number, generation);
  }
  for (int number = 0; number < 20; ++number) remove(number);
  std::size_t loop = engine_.owner(key(1));
  Version last = (*engine_.put(key(1), "last"))->version;
  ASSERT_THAT(engine_.remove(key(1)), IsOkAnd(true));
  for (int round = 0; round < 3; ++round) {
    compact();
    restart();
  }
  Version next = (*engine_.run(engine_.put_task(key(1), "next"), loop))->version;
  EXPECT_GT(next.value(), last.value());
}

TEST_P(CompactionTest, RunsByItselfWhenThereIsTooMuchGarbage) {
  ASSERT_THAT(engine_.close(), IsOk());
  engine_.options().compaction.garbage_share_max = 0.3;
  engine_.options().compaction.bytes_per_second = 10_MiB;
  ASSERT_THAT(engine_.open(), IsOk());
  for (int generation = 0; generation < 60; ++generation) {
    for (int number = 0; number < 30; ++number) put(number, generation);
    for (std::size_t i = 0; i < GetParam(); ++i) engine_.timers(i).advance(std::chrono::seconds(1));
    engine_.drain_loops();
  }
  EXPECT_THAT(statistics().compaction.segments, Ge(5U));
  EXPECT_THAT(files(), Le(8U + 4 * GetParam()));
  check();
  restart();
  check();
}

TEST_P(CompactionTest, ADiskFullOfGarbageBecomesWritableAgain) {
  ASSERT_THAT(engine_.close(), IsOk());
  engine_.options().compaction.reserve_bytes = 80_KiB;
  ASSERT_THAT(engine_.open(), IsOk());
  engine_.disk().set_capacity(600'000);
  Result<ObjectInfoPtr> put_result;
  for (int i = 0; i < 2'000; ++i) {
    int number = i % 40;
    std::string text = text_of(number, i);
    put_result = engine_.put(key(number), text);
    if (!put_result) break;
    expected_[number] = text;
  }
  ASSERT_THAT(put_result, HasError(ErrorCode::disk_full));
  check();
  compact();
  check();
  for (int number = 0; number < 40; ++number) put(number, 5'000);
  check();
  restart();
  check();
}

}  // namespace
}  // namespace shoal::storage
