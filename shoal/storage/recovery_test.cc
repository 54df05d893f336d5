// Recovery from files that were cut short or damaged.
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shoal/storage/log_engine_test.h"
#include "shoal/storage/segment_format.h"
#include "shoal/testing/matchers.h"

namespace shoal::storage {
namespace {

using ::testing::Eq;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::Optional;

ObjectKey key(std::string name) { return {"bucket", std::move(name)}; }

/// Copies of the files of a directory, to damage one and write it back.
class RecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(engine_.open(), IsOk());
    ASSERT_THAT(engine_.make_bucket("bucket"), IsOk());
  }

  std::string only_segment() {
    std::vector<std::string> names = engine_.run(engine_.disk().list("data/segments")).value();
    EXPECT_EQ(names.size(), 1U);
    return "data/segments/" + names.at(0);
  }
  std::uint64_t size_of(const std::string& path) {
    io::OpenOptions options;
    auto file = engine_.run(engine_.disk().open(path, options)).value();
    return engine_.run(file->size()).value();
  }
  void truncate(const std::string& path, std::uint64_t size) {
    io::OpenOptions options;
    options.mode = io::OpenMode::read_write;
    auto file = engine_.run(engine_.disk().open(path, options)).value();
    ASSERT_THAT(engine_.run(file->truncate(size)), IsOk());
    ASSERT_THAT(engine_.run(file->sync_data()), IsOk());
  }
  /// Makes everything on the disk durable and ready to be copied; the engine is stopped as by a crash.
  std::unique_ptr<sim::SimulatedDisk> frozen_disk() {
    engine_.stop();
    return engine_.disk().crash_image(1);
  }
  void start_from(const sim::SimulatedDisk& disk) { engine_.use_disk(disk.crash_image(1)); }

  static LogEngineOptions options() {
    LogEngineOptions options = TestEngine::small_options();
    options.extent_bytes_max = 512;
    return options;
  }

  TestEngine engine_{1, options()};
};

TEST_F(RecoveryTest, TornTailOfEveryLengthIsCutAndOverwritten) {
  ASSERT_THAT(engine_.put(key("a"), "first"), IsOk());
  std::string path = only_segment();
  std::uint64_t end_of_first = size_of(path);
  ASSERT_THAT(engine_.put(key("a"), "second"), IsOk());
  ASSERT_THAT(engine_.put(key("b"), std::string(300, 'b')), IsOk());
  std::uint64_t end = size_of(path);
  std::unique_ptr<sim::SimulatedDisk> frozen = frozen_disk();
  for (std::uint64_t size = end_of_first; size < end && !HasFailure(); ++size) {
    SCOPED_TRACE("size " + std::to_string(size));
    start_from(*frozen);
    truncate(path, size);
    ASSERT_THAT(engine_.open(), IsOk());
    Result<std::optional<std::string>> a = engine_.get(key("a"));
    ASSERT_THAT(a, IsOk());
    EXPECT_TRUE(*a == "first" || *a == "second");
    EXPECT_THAT(engine_.get(key("b")), IsOkAnd(Eq(std::nullopt)));
    ASSERT_THAT(engine_.put(key("b"), "new"), IsOk());
    engine_.stop();
    ASSERT_THAT(engine_.open(), IsOk());
    EXPECT_THAT(engine_.get(key("b")), IsOkAnd(Optional(Eq("new"))));
    EXPECT_THAT(engine_.get(key("a")), IsOkAnd(Eq(*a)));
    engine_.stop();
  }
}

/// Flips each byte of a log in turn. Nothing wrong is ever served; what is damaged is an error, at the start or when it
/// is read, unless the log was still open and the damage is in its last group, which cannot be told from a torn write.
class FlippedByteTest : public RecoveryTest {
 protected:
  void fill() {
    texts_["a"] = "first";
    texts_["b"] = std::string(100, 'b');
    texts_["large"] = std::string(700, 'l');  // two extents and a manifest
    for (const auto& [name, text] : texts_) ASSERT_THAT(engine_.put(key(name), text), IsOk());
    ASSERT_THAT(engine_.put(key("gone"), "gone"), IsOk());
    ASSERT_THAT(engine_.remove(key("gone")), IsOk());
    path_ = only_segment();
  }

  /// Returns whether the damage was noticed.
  bool is_noticed(bool may_lose) {
    Result<void> opened = engine_.open();
    if (!opened) {
      EXPECT_THAT(opened, HasError(ErrorCode::corrupt));
      return true;
    }
    bool noticed = false;
    for (const auto& [name, text] : texts_) {
      Result<std::optional<std::string>> content = engine_.get(key(name));
      if (!content) {
        EXPECT_THAT(content, HasError(ErrorCode::corrupt));
        noticed = true;
      } else if (*content) {
        EXPECT_EQ(**content, text);
      } else {
        EXPECT_TRUE(may_lose) << name << " is lost in silence";
      }
    }
    Result<std::optional<std::string>> gone = engine_.get(key("gone"));
    if (!may_lose) {
      EXPECT_THAT(gone, IsOkAnd(Eq(std::nullopt)));
    }
    return noticed;
  }

  std::map<std::string, std::string> texts_;
  std::string path_;
};

TEST_F(FlippedByteTest, OfASealedLogIsNoticedOrHarmless) {
  fill();
  ASSERT_THAT(engine_.close(), IsOk());
  std::unique_ptr<sim::SimulatedDisk> frozen = frozen_disk();
  std::uint64_t size = size_of(path_);
  std::uint64_t flips = 0, noticed = 0;
  // Every byte of the records; the two pages around them have their own test, and are sampled here.
  for (std::uint64_t at = 0; at < size && !HasFailure(); at += at < 4'000 || at + 4'000 > size ? 97 : 1) {
    SCOPED_TRACE("byte " + std::to_string(at));
    start_from(*frozen);
    engine_.disk().flip(path_, at, std::byte{0x20});
    ++flips;
    noticed += is_noticed(/*may_lose=*/false) ? 1 : 0;
    engine_.stop();
  }
  std::cout << "[ faults   ] " << flips << " bytes flipped, " << noticed << " noticed, 0 served\n";
}

TEST_F(FlippedByteTest, OfAnOpenLogIsNeverServed) {
  fill();
  std::uint64_t size = size_of(path_);
  ASSERT_THAT(engine_.put(key("last"), "last"), IsOk());
  std::unique_ptr<sim::SimulatedDisk> frozen = frozen_disk();
  for (std::uint64_t at = segment_page_bytes; at < size && !HasFailure(); at += 3) {
    SCOPED_TRACE("byte " + std::to_string(at));
    start_from(*frozen);
    engine_.disk().flip(path_, at, std::byte{0x20});
    is_noticed(/*may_lose=*/false);
    engine_.stop();
  }
}

TEST_F(RecoveryTest, HoleInTheMiddleIsReportedWithItsPlace) {
  ASSERT_THAT(engine_.put(key("a"), "first"), IsOk());
  std::string path = only_segment();
  std::uint64_t end_of_first = size_of(path);
  ASSERT_THAT(engine_.put(key("a"), "second"), IsOk());
  ASSERT_THAT(engine_.put(key("a"), "third"), IsOk());
  engine_.stop();
  engine_.disk().flip(path, end_of_first + 30, std::byte{1});
  Result<void> opened = engine_.open();
  ASSERT_THAT(opened, HasError(ErrorCode::corrupt));
  EXPECT_THAT(opened.error().message, HasSubstr(path + " at " + std::to_string(end_of_first)));
}

TEST_F(RecoveryTest, MissingSegmentIsReported) {
  for (int i = 0; i < 40; ++i) ASSERT_THAT(engine_.put(key(std::to_string(i)), std::string(8'000, 'x')), IsOk());
  engine_.stop();
  std::vector<std::string> names = engine_.run(engine_.disk().list("data/segments")).value();
  ASSERT_GT(names.size(), 2U);
  ASSERT_THAT(engine_.run(engine_.disk().remove("data/segments/" + names[0])), IsOk());
  Result<void> opened = engine_.open();
  ASSERT_THAT(opened, HasError(ErrorCode::corrupt)) << "it held the bucket";
  EXPECT_THAT(opened.error().message, HasSubstr("a segment is missing"));
}

TEST_F(RecoveryTest, SegmentOfAnotherDirectoryIsRefused) {
  ASSERT_THAT(engine_.put(key("a"), "1"), IsOk());
  ASSERT_THAT(engine_.close(), IsOk());
  ASSERT_THAT(engine_.run(engine_.disk().rename(only_segment(), "data/segments/0000000077.seg")), IsOk());
  EXPECT_THAT(engine_.open(), HasError(ErrorCode::corrupt));
}

TEST_F(RecoveryTest, ForeignFilesAreLeftAlone) {
  io::OpenOptions options;
  options.mode = io::OpenMode::create;
  ASSERT_THAT(engine_.run(engine_.disk().open("data/segments/notes.txt", options)), IsOk());
  engine_.stop();
  EXPECT_THAT(engine_.open(), IsOk());
}

}  // namespace
}  // namespace shoal::storage
