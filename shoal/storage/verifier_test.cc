// Damage of every kind, found with its place and key; and nothing found where there is none.
#include "shoal/storage/verifier.h"

#include <iostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/storage/inspector.h"
#include "shoal/storage/log_engine_test.h"
#include "shoal/storage/segment_format.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

ObjectKey key(std::string name) { return {"bucket", std::move(name)}; }

class Findings : public VerifyObserver {
 public:
  void found(const Damage& damage) override { damages.push_back(damage); }
  void noted(const std::string& sentence) override { notes.push_back(sentence); }
  bool progressed(const VerifyCounts& counts) override {
    EXPECT_LE(counts.bytes, counts.bytes_total);
    return !stop;
  }

  std::vector<Damage> damages;
  std::vector<std::string> notes;
  bool stop = false;
};

class VerifierTest : public ::testing::Test {
 protected:
  VerifierTest() {
    options_.extent_bytes_max = 512;
    engine_.options() = options_;
  }
  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }

  void fill() {
    ASSERT_THAT(engine_.put(key("a"), "first"), IsOk());
    ASSERT_THAT(engine_.put(key("b"), std::string(100, 'b')), IsOk());
    ASSERT_THAT(engine_.put(key("large"), std::string(700, 'l')), IsOk());  // two extents and a manifest
    ASSERT_THAT(engine_.put(key("gone"), "gone"), IsOk());
    ASSERT_THAT(engine_.remove(key("gone")), IsOk());
  }
  std::vector<std::string> segments() {
    std::vector<std::string> names = engine_.run(engine_.disk().list("data/segments")).value();
    for (std::string& name : names) name.insert(0, "data/segments/");
    return names;
  }
  std::vector<std::byte> content_of(const std::string& path) {
    return engine_.run(io::read_file(&engine_.disk(), path, 64_MiB)).value();
  }
  /// Where the first record with this text begins that its head carries, by its place in the file.
  std::uint64_t find_text(const std::string& path, std::string_view text) {
    std::vector<std::byte> content = content_of(path);
    std::size_t at = as_text(content).find(text);
    EXPECT_NE(at, std::string_view::npos) << text;
    return at;
  }
  Findings verify() {
    Findings findings;
    Result<VerifyCounts> counts = engine_.run(verify_directory(&engine_.disk(), "data", &findings));
    EXPECT_THAT(counts, IsOk());
    if (counts) {
      counts_ = *counts;
    }
    EXPECT_EQ(counts_.damages, findings.damages.size());
    return findings;
  }
  std::unique_ptr<sim::SimulatedDisk> frozen_disk() {
    engine_.stop();
    return engine_.disk().crash_image(1);
  }

  LogEngineOptions options_ = TestEngine::small_options();
  TestEngine engine_{1};
  VerifyCounts counts_;
};

TEST_F(VerifierTest, AGoodDirectoryHasNoDamage) {
  fill();
  ASSERT_THAT(engine_.close(), IsOk());
  Findings findings = verify();
  EXPECT_THAT(findings.damages, IsEmpty());
  EXPECT_THAT(findings.notes, IsEmpty());
  EXPECT_EQ(counts_.records, 8U) << "bucket, a, b, two extents, manifest, gone, its removal";
  EXPECT_EQ(counts_.segments, 1U);
  EXPECT_EQ(counts_.bytes, counts_.bytes_total);
}

TEST_F(VerifierTest, RunsBesideAnOpenEngineAndSaysSo) {
  fill();
  Findings findings = verify();
  EXPECT_THAT(findings.damages, IsEmpty());
  EXPECT_THAT(findings.notes, Contains(HasSubstr("has the directory open")));
  EXPECT_THAT(engine_.put(key("a"), "goes on"), IsOk());
}

TEST_F(VerifierTest, ChangesNothing) {
  fill();
  engine_.stop();
  std::uint64_t syncs = engine_.disk().syncs();
  engine_.disk().set_read_only(true);
  EXPECT_THAT(verify().damages, IsEmpty());
  EXPECT_EQ(engine_.disk().syncs(), syncs);
}

TEST_F(VerifierTest, ATornTailIsNoDamage) {
  fill();
  ASSERT_THAT(engine_.put(key("last"), std::string(300, 'x')), IsOk());
  engine_.stop();
  std::string path = segments().at(0);
  std::vector<std::byte> content = content_of(path);
  io::OpenOptions options;
  options.mode = io::OpenMode::read_write;
  auto file = engine_.run(engine_.disk().open(path, options)).value();
  ASSERT_THAT(engine_.run(file->truncate(content.size() - 100)), IsOk());
  Findings findings = verify();
  EXPECT_THAT(findings.damages, IsEmpty());
  EXPECT_THAT(findings.notes, Contains(HasSubstr("no complete record")));
  EXPECT_GT(counts_.unacknowledged_bytes, 0U);
}

TEST_F(VerifierTest, EveryFlippedByteOfASealedSegmentIsFoundAndNothingElse) {
  fill();
  ASSERT_THAT(engine_.close(), IsOk());
  std::string path = segments().at(0);
  std::vector<std::byte> content = content_of(path);
  auto footer = parse_segment_footer(ByteSpan(content).last(segment_page_bytes));
  ASSERT_TRUE(footer);
  std::unique_ptr<sim::SimulatedDisk> frozen = frozen_disk();
  std::uint64_t flips = 0, harmless = 0;
  for (std::uint64_t at = 0; at < content.size() && !HasFailure(); at += at < 4'000 || at > footer->end ? 131 : 1) {
    SCOPED_TRACE("byte " + std::to_string(at));
    engine_.use_disk(frozen->crash_image(1));
    engine_.disk().flip(path, at, std::byte{0x20});
    ++flips;
    Findings findings = verify();
    if (findings.damages.empty()) {
      ++harmless;
      EXPECT_EQ(content[at], std::byte{0}) << "only the zeros between records are not covered";
      continue;
    }
    bool in_records = at >= segment_page_bytes && at < footer->end;
    const Damage& damage = findings.damages.front();
    if (!in_records) {
      EXPECT_EQ(damage.place, Damage::Place::segment);
      EXPECT_THAT(findings.damages, SizeIs(1));
      continue;
    }
    EXPECT_LE(damage.offset, at);
    EXPECT_GT(damage.offset + damage.bytes, at);
    EXPECT_EQ(counts_.records, damage.place == Damage::Place::record_body ? 8U : 7U) << "the others are still read";
    if (damage.place == Damage::Place::record_body) {
      EXPECT_FALSE(damage.is_guess);
      EXPECT_EQ(damage.key->bucket, "bucket");
    }
  }
  EXPECT_LT(harmless, 150U) << "padding";
  std::cout << "[ faults   ] " << flips << " bytes flipped, " << flips - harmless << " found, " << harmless
            << " in padding\n";
}

TEST_F(VerifierTest, ADamagedBodyIsNamedByItsKey) {
  fill();
  ASSERT_THAT(engine_.close(), IsOk());
  std::string path = segments().at(0);
  engine_.disk().flip(path, find_text(path, std::string(100, 'b')) + 5, std::byte{1});
  Findings findings = verify();
  ASSERT_THAT(findings.damages, SizeIs(1));
  const Damage& damage = findings.damages[0];
  EXPECT_EQ(damage.place, Damage::Place::record_body);
  EXPECT_EQ(damage.key, key("b"));
  EXPECT_EQ(damage.kind, RecordKind::put);
  EXPECT_THAT(to_text(damage), HasSubstr("the put of bucket/b, sequence "));
  EXPECT_THAT(to_text(damage), HasSubstr(path + " at " + std::to_string(damage.offset)));
}

TEST_F(VerifierTest, ADamagedHeadIsNamedAsFarAsItCanBeRead) {
  fill();
  ASSERT_THAT(engine_.close(), IsOk());
  std::string path = segments().at(0);
  std::uint64_t name = find_text(path, "bucketb");
  engine_.disk().flip(path, name - record_header_bytes + 24, std::byte{1});  // its sequence number
  Findings findings = verify();
  ASSERT_THAT(findings.damages, SizeIs(1));
  EXPECT_EQ(findings.damages[0].place, Damage::Place::record_head);
  EXPECT_EQ(findings.damages[0].key, key("b"));
  EXPECT_THAT(to_text(findings.damages[0]), HasSubstr("probably put of bucket/b"));
}

TEST_F(VerifierTest, ADamagedHeadOfAnExtentIsAlsoMissedByItsObject) {
  fill();
  ASSERT_THAT(engine_.close(), IsOk());
  std::string path = segments().at(0);
  engine_.disk().flip(path, find_text(path, "bucketlarge"), std::byte{1});
  Findings findings = verify();
  ASSERT_THAT(findings.damages, SizeIs(2));
  EXPECT_EQ(findings.damages[0].place, Damage::Place::record_head);
  EXPECT_EQ(findings.damages[1].place, Damage::Place::extents);
  EXPECT_EQ(findings.damages[1].key, key("large"));
  EXPECT_EQ(findings.damages[1].kind, RecordKind::manifest);
}

TEST_F(VerifierTest, ExtentsThatNobodyNeedsMayBeMissing) {
  fill();
  for (int generation = 0; generation < 200; ++generation) {
    ASSERT_THAT(engine_.put(key("large"), std::string(700, static_cast<char>('a' + generation % 20))), IsOk());
    ASSERT_THAT(engine_.put(key("other" + std::to_string(generation % 7)), std::string(900, 'o')), IsOk());
  }
  ASSERT_THAT(engine_.run(engine_.engine().compact()), IsOk());
  ASSERT_THAT(engine_.close(), IsOk());
  EXPECT_THAT(verify().damages, IsEmpty());
}

TEST_F(VerifierTest, DamageInTheMiddleOfAnOpenSegmentIsNoTornTail) {
  fill();
  engine_.stop();
  std::string path = segments().at(0);
  engine_.disk().flip(path, find_text(path, "bucketb"), std::byte{1});
  Findings findings = verify();
  ASSERT_THAT(findings.damages, SizeIs(1));
  EXPECT_EQ(findings.damages[0].place, Damage::Place::record_head);
}

TEST_F(VerifierTest, ManyDamagesAreAllFound) {
  for (int i = 0; i < 200; ++i)
    ASSERT_THAT(engine_.put(key("key" + std::to_string(i)), std::string(2'000, 'x')), IsOk());
  ASSERT_THAT(engine_.close(), IsOk());
  std::uint64_t flipped = 0;
  for (const std::string& path : segments()) {
    std::uint64_t size = content_of(path).size();
    for (std::uint64_t at = segment_page_bytes + 1'000; at + segment_page_bytes < size; at += 9'000) {
      engine_.disk().flip(path, at, std::byte{4});
      ++flipped;
    }
  }
  Findings findings = verify();
  EXPECT_GT(flipped, 20U);
  std::uint64_t in_records = 0;
  for (const Damage& damage : findings.damages) in_records += damage.place == Damage::Place::extents ? 0 : 1;
  EXPECT_EQ(in_records, flipped);
}

TEST_F(VerifierTest, AReadThatFailsOnceIsRepeatedPageByPage) {
  for (int i = 0; i < 60; ++i) ASSERT_THAT(engine_.put(key("key" + std::to_string(i)), std::string(400, 'x')), IsOk());
  ASSERT_THAT(engine_.close(), IsOk());
  std::uint64_t before = engine_.disk().operations();
  EXPECT_THAT(verify().damages, IsEmpty());
  std::uint64_t operations = engine_.disk().operations() - before;
  for (std::uint64_t number = 1; number <= operations; ++number) {
    engine_.disk().fail_operation(engine_.disk().operations() + number, sim::SimulatedDisk::Fault::io_error);
    Findings findings;
    (void)engine_.run(verify_directory(&engine_.disk(), "data", &findings));
    for (const Damage& damage : findings.damages) EXPECT_EQ(damage.place, Damage::Place::directory) << to_text(damage);
  }
}

TEST_F(VerifierTest, StopsWhenToldSo) {
  for (int i = 0; i < 200; ++i)
    ASSERT_THAT(engine_.put(key("key" + std::to_string(i)), std::string(2'000, 'x')), IsOk());
  Findings findings;
  findings.stop = true;
  EXPECT_THAT(engine_.run(verify_directory(&engine_.disk(), "data", &findings)), HasError(ErrorCode::cancelled));
}

TEST_F(VerifierTest, AnotherDirectoryIsRefused) {
  Findings findings;
  EXPECT_THAT(engine_.run(verify_directory(&engine_.disk(), "elsewhere", &findings)),
              HasError(ErrorCode::no_such_file));
}

TEST_F(VerifierTest, InspectCountsWhatIsThere) {
  fill();
  ASSERT_THAT(engine_.put(key("a"), "second"), IsOk());
  LogEngine::Statistics statistics = engine_.run(engine_.engine().statistics());
  ASSERT_THAT(engine_.close(), IsOk());
  Result<Inspection> inspection = engine_.run(inspect_directory(&engine_.disk(), "data", {}));
  ASSERT_THAT(inspection, IsOk());
  ASSERT_THAT(inspection->segments, SizeIs(1));
  const InspectedSegment& segment = inspection->segments[0];
  EXPECT_EQ(segment.survey.state, SurveyedSegment::State::sealed);
  EXPECT_EQ(segment.all.records, 9U);
  EXPECT_EQ(segment.all.bytes, statistics.log_bytes);
  EXPECT_EQ(segment.kinds.at(RecordKind::put).records, 4U);
  EXPECT_EQ(segment.kinds.at(RecordKind::extent).records, 2U);
  EXPECT_EQ(segment.first_sequence, Sequence(1));
  EXPECT_EQ(segment.last_sequence, Sequence(9));
  EXPECT_EQ(inspection->objects, 3U);
  EXPECT_EQ(segment.live_bytes, statistics.live_bytes.begin()->second);
}

TEST_F(VerifierTest, InspectOfOneSegmentShowsItsRecords) {
  fill();
  std::vector<std::string> shown;
  InspectOptions options;
  options.only = SegmentId(1);
  options.visit = [&](const SurveyedSegment&, const AuditItem& item) {
    if (const auto* record = std::get_if<AuditedRecord>(&item)) shown.push_back(to_string(record->head.header.kind));
  };
  ASSERT_THAT(engine_.run(inspect_directory(&engine_.disk(), "data", std::move(options))), IsOk());
  EXPECT_THAT(shown, ElementsAre("bucket_put", "put", "put", "extent", "extent", "manifest", "put", "remove"));
  InspectOptions missing;
  missing.only = SegmentId(99);
  EXPECT_THAT(engine_.run(inspect_directory(&engine_.disk(), "data", std::move(missing))),
              HasError(ErrorCode::no_such_file));
}

}  // namespace
}  // namespace shoal::storage
