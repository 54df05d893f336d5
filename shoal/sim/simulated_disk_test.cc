#include "shoal/sim/simulated_disk.h"

#include <map>
#include <set>
#include <string>

#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "shoal/io/disk_contract.h"
#include "shoal/sim/file_image.h"

namespace shoal::sim {
namespace {

using io::run_blocking;

struct SimulatedDiskUnderTest final : io::DiskUnderTest {
  explicit SimulatedDiskUnderTest(bool random_order) : simulated(options(random_order)) {
    EXPECT_TRUE(run_blocking(event_loop, simulated.create_directory("/test")).has_value());
  }
  static SimulatedDisk::Options options(bool random_order) {
    SimulatedDisk::Options result;
    result.random_order = random_order;
    return result;
  }
  io::EventLoop& loop() override { return event_loop; }
  io::Disk& disk() override { return simulated; }
  std::string directory() override { return "/test"; }

  io::EventLoop event_loop;
  SimulatedDisk simulated;
};

}  // namespace
}  // namespace shoal::sim

namespace shoal::io {
INSTANTIATE_TEST_SUITE_P(
    Simulated, DiskContract,
    testing::Values(DiskContractParam{"InOrder", [] { return std::make_unique<sim::SimulatedDiskUnderTest>(false); }},
                    DiskContractParam{"RandomOrder",
                                      [] { return std::make_unique<sim::SimulatedDiskUnderTest>(true); }}),
    [](const auto& param) { return param.param.name; });

}  // namespace shoal::io

namespace shoal::sim {
namespace {

/// Runs single operations, as a program that does one thing after the other.
class SimulatedDiskTest : public testing::Test {
 protected:
  template <typename T>
  Result<T> run(Task<Result<T>> task) {
    return run_blocking(loop_, std::move(task));
  }
  template <typename T>
  ErrorCode error(Task<Result<T>> task) {
    Result<T> result = run(std::move(task));
    EXPECT_FALSE(result.has_value());
    return result ? ErrorCode::internal : result.error().code;
  }
  std::unique_ptr<io::File> open(io::Disk& disk, std::string path) {
    io::OpenOptions options;
    options.mode = io::OpenMode::create;
    return *run(disk.open(std::move(path), options));
  }
  Result<void> write(io::File& file, std::uint64_t offset, std::string_view text) {
    return run(file.write(offset, std::vector<ByteSpan>(1, as_bytes(text))));
  }
  /// The content of a file, or nothing if there is no such file.
  std::optional<std::string> content(io::Disk& disk, std::string path) {
    Result<std::vector<std::byte>> bytes = run(io::read_file(&disk, std::move(path), 1_MiB));
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
  }
  std::set<std::optional<std::string>> outcomes(const SimulatedDisk& disk, const std::string& path) {
    std::set<std::optional<std::string>> seen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) seen.insert(content(*disk.crash_image(seed), path));
    return seen;
  }

  io::EventLoop loop_;
  SimulatedDisk disk_;
};

TEST_F(SimulatedDiskTest, WhatIsSyncedSurvivesEveryPowerCut) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(write(*file, 0, "durable").has_value());
  ASSERT_TRUE(run(file->sync_data()).has_value());
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  EXPECT_THAT(outcomes(disk_, "file"), testing::ElementsAre("durable"));
}

TEST_F(SimulatedDiskTest, NewNameMayBeLostUntilItsDirectoryIsSynced) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(write(*file, 0, "durable").has_value());
  ASSERT_TRUE(run(file->sync_data()).has_value());
  EXPECT_THAT(outcomes(disk_, "file"), testing::ElementsAre(std::nullopt, "durable"));
}

TEST_F(SimulatedDiskTest, UnsyncedSectorsAreEachOldOrNew) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  std::string old(2 * sector_size, 'o');
  ASSERT_TRUE(write(*file, 0, old).has_value());
  ASSERT_TRUE(run(file->sync_data()).has_value());
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  ASSERT_TRUE(write(*file, 0, std::string(2 * sector_size, 'n')).has_value());
  std::string o(sector_size, 'o');
  std::string n(sector_size, 'n');
  EXPECT_THAT(outcomes(disk_, "file"), testing::UnorderedElementsAre(o + o, o + n, n + o, n + n));
}

TEST_F(SimulatedDiskTest, UnsyncedAppendMayHaveItsLengthWithoutItsBytes) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  ASSERT_TRUE(write(*file, 0, "ab").has_value());
  EXPECT_THAT(outcomes(disk_, "file"),
              testing::UnorderedElementsAre("", "a", "ab", std::string(1, '\0'), std::string(2, '\0')));
}

TEST_F(SimulatedDiskTest, RenameIsOldOrNewNeverNeither) {
  ASSERT_TRUE(run(io::replace_file(&disk_, "file", std::vector<std::byte>(3, std::byte{'1'}), 0600)).has_value());
  std::unique_ptr<io::File> file = open(disk_, "file.new");
  ASSERT_TRUE(write(*file, 0, "222").has_value());
  ASSERT_TRUE(run(file->sync_data()).has_value());
  ASSERT_TRUE(run(disk_.rename("file.new", "file")).has_value());
  EXPECT_THAT(outcomes(disk_, "file"), testing::UnorderedElementsAre("111", "222"));
}

TEST_F(SimulatedDiskTest, RemovedFileMayComeBack) {
  ASSERT_TRUE(run(io::replace_file(&disk_, "file", std::vector<std::byte>(3, std::byte{'1'}), 0600)).has_value());
  ASSERT_TRUE(run(disk_.remove("file")).has_value());
  EXPECT_THAT(outcomes(disk_, "file"), testing::UnorderedElementsAre(std::nullopt, "111"));
}

TEST_F(SimulatedDiskTest, TruncationMayBeUndone) {
  ASSERT_TRUE(run(io::replace_file(&disk_, "file", std::vector<std::byte>(3, std::byte{'1'}), 0600)).has_value());
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(run(file->truncate(0)).has_value());
  std::set<std::optional<std::string>> seen = outcomes(disk_, "file");
  EXPECT_TRUE(seen.contains(""));
  EXPECT_TRUE(seen.contains("111"));
}

TEST_F(SimulatedDiskTest, FailedSyncLosesDataThatALaterSyncDoesNotSave) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(write(*file, 0, "0").has_value());
  ASSERT_TRUE(run(file->sync_data()).has_value());
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  bool lost = false;
  for (int round = 1; round < 50 && !lost; ++round) {
    std::string text = std::to_string(round % 10);
    ASSERT_TRUE(write(*file, 0, text).has_value());
    disk_.fail_next_sync();
    EXPECT_EQ(error(file->sync_data()), ErrorCode::io_error);
    ASSERT_TRUE(run(file->sync_data()).has_value()) << "the system forgot the failure";
    EXPECT_EQ(content(disk_, "file"), text) << "the page cache still has it";
    std::set<std::optional<std::string>> seen = outcomes(disk_, "file");
    ASSERT_EQ(seen.size(), 1U) << "nothing is unsynced any more";
    lost = !seen.contains(text);
  }
  EXPECT_TRUE(lost);
}

Task<void> sync_while_writing(io::EventLoop* loop, io::File* file, std::string* text) {
  auto sync = [](io::File* synced, [[maybe_unused]] io::Gate::Pass pass) -> Task<void> {
    EXPECT_TRUE((co_await synced->sync_data()).has_value());
  };
  io::Gate gate;
  spawn(*loop, sync(file, *gate.enter()));
  co_await boost::asio::post(loop->executor(), boost::asio::use_awaitable_t<io::Executor>());  // the sync begins
  EXPECT_TRUE((co_await file->write(0, std::vector<ByteSpan>(1, as_bytes(*text)))).has_value());
  co_await gate.close();
}

TEST_F(SimulatedDiskTest, SyncCoversOnlyWhatWasWrittenWhenItBegan) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  std::string text = "late";
  run_blocking(loop_, sync_while_writing(&loop_, file.get(), &text));
  EXPECT_TRUE(outcomes(disk_, "file").contains("")) << "lost, although the sync ended after the write";
}

TEST_F(SimulatedDiskTest, FailsTheOperationThatWasNamed) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_EQ(disk_.operations(), 1U);
  disk_.fail_operation(2, SimulatedDisk::Fault::disk_full);
  Result<void> result = write(*file, 0, "text");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::disk_full);
  EXPECT_EQ(content(disk_, "file"), "");
  EXPECT_TRUE(write(*file, 0, "text").has_value());
}

TEST_F(SimulatedDiskTest, FailsFromAnOperationOn) {
  disk_.fail_operation(2, SimulatedDisk::Fault::io_error, /*and_all_later=*/true);
  std::unique_ptr<io::File> file = open(disk_, "file");
  EXPECT_EQ(error(file->size()), ErrorCode::io_error);
  EXPECT_EQ(error(disk_.list(".")), ErrorCode::io_error);
}

TEST_F(SimulatedDiskTest, ShortWriteLeavesAPart) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  std::set<std::size_t> lengths;
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(run(file->truncate(0)).has_value());
    disk_.fail_operation(disk_.operations() + 1, SimulatedDisk::Fault::short_write);
    EXPECT_FALSE(write(*file, 0, "abc").has_value());
    std::string left = content(disk_, "file").value();
    EXPECT_EQ(left, std::string("abc").substr(0, left.size()));
    lengths.insert(left.size());
  }
  EXPECT_THAT(lengths, testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(SimulatedDiskTest, FullDiskTakesAPartAndGivesSpaceBack) {
  disk_.set_capacity(10);
  std::unique_ptr<io::File> file = open(disk_, "file");
  Result<void> result = write(*file, 0, "0123456789abc");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::disk_full);
  EXPECT_EQ(content(disk_, "file"), "0123456789");
  EXPECT_EQ(run(disk_.free_bytes(".")), 0U);
  EXPECT_TRUE(write(*file, 2, "xx").has_value()) << "overwriting needs no space";
  ASSERT_TRUE(run(disk_.remove("file")).has_value());
  EXPECT_EQ(run(disk_.free_bytes(".")), 10U);
}

TEST_F(SimulatedDiskTest, PreallocatedSpaceIsNotFullLater) {
  disk_.set_capacity(10);
  std::unique_ptr<io::File> file = open(disk_, "file");
  std::unique_ptr<io::File> other = open(disk_, "other");
  ASSERT_TRUE(run(file->preallocate(0, 8)).has_value());
  EXPECT_EQ(error(other->preallocate(0, 3)), ErrorCode::disk_full);
  EXPECT_FALSE(write(*other, 0, "abc").has_value());
  EXPECT_TRUE(write(*file, 0, "12345678").has_value());
}

TEST_F(SimulatedDiskTest, ReadOnlyDiskIsReadable) {
  ASSERT_TRUE(write(*open(disk_, "file"), 0, "text").has_value());
  disk_.set_read_only(true);
  EXPECT_EQ(content(disk_, "file"), "text");
  EXPECT_EQ(error(disk_.remove("file")), ErrorCode::io_error);
  EXPECT_EQ(error(disk_.lock("LOCK")), ErrorCode::io_error);
}

TEST_F(SimulatedDiskTest, FlippedBitStays) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(write(*file, 0, "abc").has_value());
  ASSERT_TRUE(run(file->sync_data()).has_value());
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  disk_.flip("file", 1, std::byte{1});
  EXPECT_EQ(content(disk_, "file"), "acc");
  EXPECT_THAT(outcomes(disk_, "file"), testing::ElementsAre("acc"));
}

TEST_F(SimulatedDiskTest, NothingWorksAfterAPowerCut) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  disk_.cut_power_at_operation(3);
  EXPECT_TRUE(write(*file, 0, "in time").has_value());
  EXPECT_FALSE(disk_.is_cut());
  EXPECT_EQ(error(file->sync_data()), ErrorCode::io_error);
  EXPECT_TRUE(disk_.is_cut());
  EXPECT_EQ(error(file->size()), ErrorCode::io_error);
  EXPECT_EQ(error(disk_.list(".")), ErrorCode::io_error);
}

TEST_F(SimulatedDiskTest, RunningWriteMayReachTheMediumInPart) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  std::string text(2 * sector_size, 'x');
  disk_.cut_power_at_operation(disk_.operations() + 2);
  auto write_then_cut = [](io::EventLoop* loop, SimulatedDisk* disk, io::File* target,
                           std::string_view bytes) -> Task<void> {
    auto write = [](io::File* to, std::string_view what, [[maybe_unused]] io::Gate::Pass pass) -> Task<void> {
      EXPECT_FALSE((co_await to->write(0, std::vector<ByteSpan>(1, as_bytes(what)))).has_value());
    };
    io::Gate gate;
    spawn(*loop, write(target, bytes, *gate.enter()));
    co_await boost::asio::post(loop->executor(), boost::asio::use_awaitable_t<io::Executor>());  // the write begins
    disk->power_cut();
    co_await gate.close();
  };
  run_blocking(loop_, write_then_cut(&loop_, &disk_, file.get(), text));
  std::set<std::optional<std::string>> seen = outcomes(disk_, "file");
  EXPECT_TRUE(seen.contains(""));
  EXPECT_TRUE(seen.contains(text));
  EXPECT_TRUE(seen.contains(std::string(sector_size, '\0') + std::string(sector_size, 'x')));
}

TEST_F(SimulatedDiskTest, SameSeedSameLosses) {
  std::unique_ptr<io::File> file = open(disk_, "file");
  ASSERT_TRUE(write(*file, 0, std::string(100 * sector_size, 'x')).has_value());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(content(*disk_.crash_image(seed), "file"), content(*disk_.crash_image(seed), "file"));
  }
}

TEST_F(SimulatedDiskTest, CrashImageIsADiskOfItsOwn) {
  std::unique_ptr<io::DiskLock> lock = *run(disk_.lock("LOCK"));
  ASSERT_TRUE(run(disk_.sync_directory(".")).has_value());
  std::unique_ptr<SimulatedDisk> image = disk_.crash_image(1);
  EXPECT_TRUE(run(image->lock("LOCK")).has_value()) << "the process that held it is gone";
  ASSERT_TRUE(run(image->remove("LOCK")).has_value());
  EXPECT_THAT(run(disk_.list(".")).value(), testing::ElementsAre("LOCK"));
}

/// Replacing a file durably, with every operation as the one at which the power goes: the old content or the new,
/// whatever is lost.
TEST_F(SimulatedDiskTest, ReplaceFileSurvivesAPowerCutAnywhere) {
  std::vector<std::byte> first(700, std::byte{'1'});
  std::vector<std::byte> second(1500, std::byte{'2'});
  bool finished = false;
  for (std::uint64_t cut = 1; !finished; ++cut) {
    SimulatedDisk disk;
    ASSERT_TRUE(run(io::replace_file(&disk, "file", first, 0600)).has_value());
    disk.cut_power_at_operation(disk.operations() + cut);
    finished = run(io::replace_file(&disk, "file", second, 0600)).has_value();
    for (const std::optional<std::string>& seen : outcomes(disk, "file")) {
      ASSERT_TRUE(seen.has_value());
      if (finished) {
        EXPECT_EQ(*seen, as_text(second));
      } else {
        EXPECT_TRUE(*seen == as_text(first) || *seen == as_text(second)) << "cut at operation " << cut;
      }
    }
  }
}

}  // namespace
}  // namespace shoal::sim
