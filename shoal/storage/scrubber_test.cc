// Damage of a running store: found, told, never served, and kept apart until it is healed.
#include "shoal/storage/scrubber.h"

#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/storage/segment_format.h"
#include "shoal/storage/verifier.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Contains;
using ::testing::Eq;
using ::testing::Field;
using ::testing::Ge;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;
using ::testing::SizeIs;

ObjectKey key(int number) { return {"bucket", "key" + std::to_string(number)}; }

std::string text_of(int number, std::size_t bytes = 1'000) {
  std::string text = "object " + std::to_string(number) + " ";
  while (text.size() < bytes) text += text;
  text.resize(bytes);
  return text;
}

class ScrubTest : public ::testing::TestWithParam<EngineShape> {
 protected:
  ScrubTest() : engine_(GetParam().loops, GetParam().options()) {}

  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }

  void put(int number, std::size_t bytes = 1'000) {
    expected_[number] = text_of(number, bytes);
    ASSERT_THAT(engine_.put(key(number), *expected_[number]), IsOk());
  }
  /// All of it is in sealed segments then, and something newer in the one that is open.
  void fill(int count) {
    for (int number = 0; number < count; ++number) put(number);
    ASSERT_THAT(engine_.close(), IsOk());
    ASSERT_THAT(engine_.open(), IsOk());
    for (int number = 1'000; number < 1'000 + 4 * static_cast<int>(GetParam().loops); ++number) put(number);
  }
  std::vector<std::string> paths() {
    std::vector<std::string> names = engine_.run(engine_.disk().list("data/segments")).value();
    for (std::string& name : names) name.insert(0, "data/segments/");
    return names;
  }
  std::vector<std::byte> content_of(const std::string& path) {
    return engine_.run(io::read_file(&engine_.disk(), path, 64_MiB)).value();
  }
  /// Flips a bit near the first place in the segments where this text is; the path.
  std::string flip_at(const std::string& text, std::ptrdiff_t distance = 0) {
    for (const std::string& path : paths()) {
      std::vector<std::byte> content = content_of(path);
      std::size_t found = as_text(content).find(text);
      if (found == std::string_view::npos) continue;
      engine_.disk().flip(path, found + static_cast<std::size_t>(distance), std::byte{1});
      return path;
    }
    ADD_FAILURE() << "no segment holds " << text;
    return {};
  }
  void flip_body(int number) { flip_at(text_of(number).substr(0, 40), 3); }
  std::string flip_head(int number) { return flip_at("bucketkey" + std::to_string(number), -20); }

  StorageJob run_job(JobKind kind) {
    Result<StorageJob> started = engine_.engine().jobs().start(kind, 0);
    EXPECT_THAT(started, IsOk());
    engine_.drain_loops();
    StorageJob job = engine_.engine().jobs().find(started->id).value();
    EXPECT_EQ(job.state, JobState::done) << job.message;
    return job;
  }
  std::vector<QuarantinedRecord> quarantined() { return engine_.run(engine_.engine().quarantined()); }
  std::vector<ObjectKey> quarantined_keys() {
    std::vector<ObjectKey> keys;
    for (const QuarantinedRecord& record : quarantined()) {
      if (record.damage.key && !record.damage.is_guess) keys.push_back(*record.damage.key);
    }
    std::ranges::sort(keys);
    return keys;
  }
  void compact() { ASSERT_THAT(engine_.run(engine_.engine().compact()), IsOk()); }
  void restart() {
    ASSERT_THAT(engine_.close(), IsOk());
    ASSERT_THAT(engine_.open(), IsOk());
  }
  /// All is as it was written, but for these, which are errors.
  void check(const std::vector<int>& damaged = {}) {
    for (const auto& [number, text] : expected_) {
      if (std::ranges::find(damaged, number) != damaged.end()) {
        ASSERT_THAT(engine_.get(key(number)), HasError(ErrorCode::corrupt)) << number;
      } else {
        ASSERT_THAT(engine_.get(key(number)), IsOkAnd(Eq(text))) << number;
      }
    }
  }
  std::size_t listed() {
    ListRequest request;
    request.bucket = "bucket";
    return engine_.run(engine_.store().list(request))->items.size();
  }

  TestEngine engine_;
  std::map<int, std::optional<std::string>> expected_;
};

INSTANTIATE_TEST_SUITE_P(Shapes, ScrubTest, ::testing::ValuesIn(engine_shapes),
                         [](const auto& shape) { return shape.param.name(); });

TEST_P(ScrubTest, FindsNothingWhereNothingIsDamaged) {
  fill(100);
  StorageJob job = run_job(JobKind::scrub);
  EXPECT_THAT(job.segments, Ge(GetParam().loops));
  EXPECT_EQ(job.damages, 0U);
  EXPECT_EQ(job.bytes, job.bytes_total);
  EXPECT_EQ(run_job(JobKind::verify).damages, 0U);
  EXPECT_THAT(quarantined(), IsEmpty());
}

TEST_P(ScrubTest, NamesTheKeyOfADamagedBodyAndNeverServesIt) {
  fill(50);
  flip_body(7);
  flip_body(31);
  EXPECT_EQ(run_job(JobKind::scrub).damages, 2U);
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(31), key(7)}));
  check({7, 31});
  EXPECT_EQ(listed(), expected_.size());
  run_job(JobKind::scrub);
  EXPECT_THAT(quarantined(), SizeIs(2)) << "each is told once";
  EXPECT_EQ(engine_.run(engine_.engine().statistics()).damages_found, 2U);
}

TEST_P(ScrubTest, NamesTheKeyOfADamagedHeadByTheIndex) {
  fill(50);
  flip_head(7);
  flip_at("bucketkey9");  // the name itself
  EXPECT_EQ(run_job(JobKind::scrub).damages, 2U);
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(7), key(9)}));
  check({7, 9});
}

TEST_P(ScrubTest, AReadThatFindsDamageTellsItToo) {
  fill(50);
  flip_body(7);
  EXPECT_THAT(engine_.get(key(7)), HasError(ErrorCode::corrupt));
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(7)}));
}

TEST_P(ScrubTest, OverwritingAndDeletingHeal) {
  fill(50);
  flip_body(7);
  flip_body(8);
  flip_body(9);
  run_job(JobKind::scrub);
  EXPECT_THAT(quarantined(), SizeIs(3));
  put(7);
  ASSERT_THAT(engine_.remove(key(8)), IsOkAnd(true));
  expected_[8] = std::nullopt;
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(9)}));
  check({9});
}

TEST_P(ScrubTest, DamagedGarbageIsNobodysTrouble) {
  fill(50);
  flip_body(7);
  ASSERT_THAT(engine_.remove(key(7)), IsOkAnd(true));
  expected_[7] = std::nullopt;
  run_job(JobKind::scrub);
  EXPECT_THAT(quarantined(), IsEmpty());
  check();
}

TEST_P(ScrubTest, CompactionPutsAMarkInPlaceOfADamagedBody) {
  fill(50);
  flip_body(7);
  for (int number = 20; number < 50; ++number) put(number);
  std::vector<std::string> before = paths();
  compact();
  EXPECT_THAT(paths(), ::testing::Not(Contains(before.front()))) << "the damaged segment is gone";
  EXPECT_THAT(engine_.run(engine_.disk().list("data/quarantine")), IsOkAnd(SizeIs(1)));
  check({7});
  engine_.cut_power(1);
  ASSERT_THAT(engine_.open(), IsOk());
  check({7});
  restart();
  check({7});
  compact();
  check({7});
  run_job(JobKind::verify);
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(7)}));
  put(7);
  EXPECT_THAT(quarantined(), IsEmpty());
  check();
}

TEST_P(ScrubTest, CompactionPutsAMarkInPlaceOfARecordWithADamagedHead) {
  fill(50);
  std::string damaged_path = flip_head(7);
  run_job(JobKind::scrub);
  compact();
  EXPECT_THAT(paths(), ::testing::Not(Contains(damaged_path)));
  check({7});
  EXPECT_EQ(listed(), expected_.size());
  EXPECT_THAT(engine_.run(engine_.disk().list("data/quarantine")), IsOkAnd(SizeIs(1)));
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(7)}));
  for (int round = 0; round < 2; ++round) {
    restart();
    check({7});
    EXPECT_EQ(listed(), expected_.size());
    compact();
  }
  put(7);
  check();
  restart();
  check();
}

TEST_P(ScrubTest, AMarkSaysThatTheOldVersionIsNotTheNewest) {
  put(700);
  for (int number = 100; number < 160; ++number) put(number);
  ASSERT_THAT(engine_.put(key(700), "the newest"), IsOk());
  fill(20);
  flip_at("the newest", -20);
  run_job(JobKind::scrub);
  compact();
  restart();
  check({700});
  engine_.cut_power(1);
  ASSERT_THAT(engine_.open(), IsOk());
  check({700});
}

TEST_P(ScrubTest, AnExtentWithADamagedHeadFailsItsObjectOnly) {
  put(501, 30'000);
  put(502, 30'000);
  fill(20);
  flip_at(text_of(501).substr(0, 40), -6);  // the name of its first extent
  run_job(JobKind::scrub);
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(501)}));
  compact();
  check({501});
  restart();
  check({501});
  compact();
  check({501});
  ASSERT_THAT(engine_.remove(key(501)), IsOkAnd(true));
  EXPECT_THAT(quarantined(), IsEmpty());
}

TEST_P(ScrubTest, UploadsAndPartsAreWrittenAnew) {
  std::size_t loop = engine_.owner(key(1));
  Result<std::string> id = engine_.run(engine_.store(loop).create_upload(key(1), ObjectInfo()), loop);
  ASSERT_THAT(id, IsOk());
  std::string part_text = text_of(1, 20'000);
  PartInfo part;
  part.number = 1;
  part.size = part_text.size();
  part.etag = "etag";
  Result<PartInfo> stored =
      engine_.run(engine_.store(loop).put_part(UploadKey{key(1), *id}, part, Body::copy_of(part_text)), loop);
  ASSERT_THAT(stored, IsOk());
  fill(20);
  flip_at(*id);
  run_job(JobKind::scrub);
  EXPECT_THAT(quarantined(), ::testing::Not(IsEmpty()));
  compact();
  EXPECT_THAT(quarantined(), IsEmpty()) << "nothing is lost";
  restart();
  ObjectInfo whole;
  whole.size = part_text.size();
  whole.etag = "whole";
  whole.parts.push_back(*stored);
  ASSERT_THAT(engine_.run(engine_.store(loop).complete_upload(UploadKey{key(1), *id}, whole, WriteCondition()), loop),
              IsOk());
  EXPECT_THAT(engine_.get(key(1)), IsOkAnd(Optional(Eq(part_text))));
}

TEST_P(ScrubTest, ADamagedHeaderOrFooterPageIsReplacedByMovingTheRest) {
  for (bool is_footer : {false, true}) {
    fill(50);
    std::string path = paths().front();
    std::uint64_t size = content_of(path).size();
    engine_.disk().flip(path, is_footer ? size - 100 : 50, std::byte{1});
    EXPECT_EQ(run_job(JobKind::scrub).damages, 1U);
    EXPECT_THAT(quarantined(), SizeIs(1));
    compact();
    EXPECT_THAT(paths(), ::testing::Not(Contains(path)));
    EXPECT_THAT(quarantined(), IsEmpty());
    restart();
    check();
  }
}

TEST_P(ScrubTest, ASegmentThatMayHoldADeletionStays) {
  for (int number = 0; number < 30; ++number) put(number);
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.open(), IsOk());
  ASSERT_THAT(engine_.remove(key(3)), IsOkAnd(true));  // of what an older segment holds
  expected_[3] = std::nullopt;
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.open(), IsOk());
  for (int number = 1'000; number < 1'000 + 4 * static_cast<int>(GetParam().loops); ++number) put(number);
  std::string path = paths().back();
  for (const std::string& each : paths()) {
    std::vector<std::byte> content = content_of(each);
    bool has_removal = content.size() < 16'000 && as_text(content).find("bucketkey3") != std::string_view::npos;
    if (has_removal) path = each;
  }
  std::size_t found = as_text(content_of(path)).find("bucketkey3");
  ASSERT_NE(found, std::string_view::npos);
  engine_.disk().flip(path, found, std::byte{1});
  run_job(JobKind::scrub);
  compact();
  EXPECT_THAT(paths(), Contains(path)) << "without it the object would come back";
  check();
  for (int round = 0; round < 2; ++round) {
    ASSERT_THAT(engine_.run(engine_.engine().checkpoint()), IsOk());
    put(2'000 + round);
  }
  compact();
  EXPECT_THAT(paths(), ::testing::Not(Contains(path))) << "two checkpoints know of the deletion";
  restart();
  check();
}

TEST_P(ScrubTest, EveryFlippedByteOfASegmentIsFoundAndCompactionLosesNothingElse) {
  std::uint64_t flips = 0, found = 0;
  for (std::uint64_t step = 1; step < 16'000; step += 409) {
    SCOPED_TRACE("step " + std::to_string(step));
    TestEngine engine(GetParam().loops, GetParam().options());
    ASSERT_THAT(engine.open(), IsOk());
    ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
    std::map<int, std::string> expected;
    for (int number = 0; number < 12; ++number) {
      expected[number] = text_of(number, number == 5 ? 12'000 : 700);
      ASSERT_THAT(engine.put(key(number), expected[number]), IsOk());
    }
    ASSERT_THAT(engine.close(), IsOk());
    ASSERT_THAT(engine.open(), IsOk());
    for (int number = 100; number < 104; ++number) {
      expected[number] = text_of(number);
      ASSERT_THAT(engine.put(key(number), expected[number]), IsOk());
    }
    std::vector<std::string> names = engine.run(engine.disk().list("data/segments")).value();
    std::string path = "data/segments/" + names.front();
    std::uint64_t size = engine.run(io::read_file(&engine.disk(), path, 1_MiB))->size();
    engine.disk().flip(path, (segment_page_bytes + step) % size, std::byte{0x10});
    ++flips;
    ASSERT_THAT(engine.engine().jobs().start(JobKind::scrub, 0), IsOk());
    engine.drain_loops();
    StorageJob job = engine.engine().jobs().all().front();
    ASSERT_EQ(job.state, JobState::done) << job.message;
    found += job.damages;
    auto errors = [&] {
      int count = 0;
      for (const auto& [number, text] : expected) {
        Result<std::optional<std::string>> content = engine.get(key(number));
        if (content) {
          EXPECT_EQ(*content, text) << number;
        } else {
          EXPECT_THAT(content, HasError(ErrorCode::corrupt));
          ++count;
        }
      }
      return count;
    };
    int damaged = errors();
    EXPECT_LE(damaged, 1);
    if (damaged == 1) {
      EXPECT_GE(job.damages, 1U);
    }
    ASSERT_THAT(engine.run(engine.engine().compact()), IsOk());
    EXPECT_EQ(errors(), damaged);
    if (job.damages == 0) continue;
    ASSERT_THAT(engine.close(), IsOk());
    Result<void> opened = engine.open();
    if (!opened) {  // compaction had to leave it: what it cannot explain may be a deletion or a bucket
      EXPECT_THAT(opened, HasError(ErrorCode::corrupt));
      continue;
    }
    EXPECT_EQ(errors(), damaged);
  }
  std::cout << "[ faults   ] " << flips << " bytes flipped, " << found << " places found, 0 served\n";
}

TEST_P(ScrubTest, EachCrashAndFailureDuringTheCompactionOfADamagedSegmentLosesNothingElse) {
  std::uint64_t runs = 0;
  for (bool cut : {false, true}) {
    for (std::uint64_t operation = 1; operation < 80; operation += 3) {
      SCOPED_TRACE((cut ? "cut at operation " : "failure of operation ") + std::to_string(operation));
      TestEngine engine(GetParam().loops, GetParam().options());
      ASSERT_THAT(engine.open(), IsOk());
      ASSERT_THAT(engine.make_bucket("bucket"), IsOk());
      std::map<int, std::string> expected;
      for (int number = 0; number < 30; ++number) {
        expected[number] = text_of(number);
        ASSERT_THAT(engine.put(key(number), expected[number]), IsOk());
      }
      ASSERT_THAT(engine.close(), IsOk());
      ASSERT_THAT(engine.open(), IsOk());
      for (int number = 10; number < 30; ++number) {
        expected[number] = text_of(number, 900);
        ASSERT_THAT(engine.put(key(number), expected[number]), IsOk());
      }
      std::vector<std::string> names = engine.run(engine.disk().list("data/segments")).value();
      for (const std::string& name : names) {
        std::string path = "data/segments/" + name;
        std::vector<std::byte> content = engine.run(io::read_file(&engine.disk(), path, 1_MiB)).value();
        std::size_t body = as_text(content).find(text_of(4).substr(0, 30));
        if (body != std::string_view::npos) engine.disk().flip(path, body + 2, std::byte{1});
      }
      std::uint64_t number = engine.disk().operations() + operation;
      if (cut) {
        engine.disk().cut_power_at_operation(number);
      } else {
        engine.disk().fail_operation(number, sim::SimulatedDisk::Fault::io_error);
      }
      (void)engine.run(engine.engine().compact());
      if (!cut) engine.drain_loops();
      engine.cut_power(operation);
      ASSERT_THAT(engine.open(), IsOk());
      for (int round = 0; round < 2; ++round) {
        for (const auto& [each, text] : expected) {
          if (each == 4) {
            ASSERT_THAT(engine.get(key(each)), HasError(ErrorCode::corrupt));
          } else {
            ASSERT_THAT(engine.get(key(each)), IsOkAnd(Optional(Eq(text)))) << each;
          }
        }
        ASSERT_THAT(engine.run(engine.engine().compact()), IsOk());
      }
      ++runs;
    }
  }
  std::cout << "[ faults   ] " << runs << " runs, nothing lost\n";
}

TEST_P(ScrubTest, WorksInTheBackgroundAtItsRateAndRemembersWhatIsDone) {
  ASSERT_THAT(engine_.close(), IsOk());
  engine_.options().scrub.interval = std::chrono::hours(1);
  engine_.options().scrub.bytes_per_second = 1'000;
  ASSERT_THAT(engine_.open(), IsOk());
  fill(50);
  flip_body(7);
  auto counters = [&] { return engine_.run(engine_.engine().statistics()).scrub; };
  engine_.timers().advance(std::chrono::minutes(59));
  EXPECT_EQ(counters().bytes, 0U) << "not due yet";
  engine_.timers().advance(std::chrono::minutes(2));
  EXPECT_THAT(counters().bytes, ::testing::Gt(0U));
  EXPECT_THAT(counters().bytes, ::testing::Le(64_KiB * GetParam().loops));
  engine_.timers().advance(std::chrono::minutes(10));
  std::uint64_t segments = counters().segments;
  EXPECT_THAT(segments, Ge(GetParam().loops));
  EXPECT_EQ(quarantined_keys(), (std::vector<ObjectKey>{key(7)}));
  restart();
  engine_.timers().advance(std::chrono::minutes(30));
  EXPECT_EQ(counters().segments, 0U) << "verified before the restart";
  engine_.timers().advance(std::chrono::minutes(60));
  EXPECT_THAT(counters().segments, Ge(segments));
  ASSERT_THAT(engine_.close(), IsOk());
}

TEST_P(ScrubTest, ADamagedSegmentIsEvacuatedInTheBackground) {
  ASSERT_THAT(engine_.close(), IsOk());
  engine_.options().compaction.garbage_share_max = 0.5;
  ASSERT_THAT(engine_.open(), IsOk());
  fill(50);
  std::string path = flip_head(7);
  run_job(JobKind::scrub);
  engine_.drain_loops();
  EXPECT_THAT(paths(), ::testing::Not(Contains(path))) << "the next start could not have read it";
  restart();
  check({7});
}

TEST_P(ScrubTest, JobsRunOneAtATimeAndCanBeEnded) {
  fill(100);
  StorageJobs& jobs = engine_.engine().jobs();
  Result<StorageJob> first = jobs.start(JobKind::scrub, 1'000);
  ASSERT_THAT(first, IsOk());
  engine_.drain_loops();
  EXPECT_EQ(jobs.find(first->id)->state, JobState::running);
  EXPECT_THAT(jobs.start(JobKind::compact, std::nullopt), HasError(ErrorCode::conflict));
  ASSERT_THAT(jobs.cancel(first->id), IsOk());
  engine_.drain_loops();
  EXPECT_EQ(jobs.find(first->id)->state, JobState::cancelled);
  EXPECT_THAT(jobs.cancel(77), HasError(ErrorCode::no_such_key));
  EXPECT_EQ(run_job(JobKind::compact).id, first->id + 1);
  EXPECT_THAT(jobs.all(), SizeIs(2));
}

TEST_P(ScrubTest, ClosingEndsARunningJob) {
  fill(100);
  ASSERT_THAT(engine_.engine().jobs().start(JobKind::scrub, 1), IsOk());
  engine_.drain_loops();
  EXPECT_THAT(engine_.close(), IsOk());
}

}  // namespace
}  // namespace shoal::storage
