#include "shoal/io/local_disk.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shoal/io/disk_contract.h"
#include "shoal/io/run_blocking.h"
#include "shoal/io/sync_timing_disk.h"
#include "shoal/io/thread_disk.h"
#include "shoal/io/uring_disk.h"

namespace shoal::io {
namespace {

/// An empty directory that goes with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "shoal-disk-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using MakeDisk = std::function<std::unique_ptr<Disk>(EventLoop&)>;

/// A real disk; its loop runs on the test's thread or on its own.
struct LocalDiskUnderTest final : DiskUnderTest {
  LocalDiskUnderTest(const MakeDisk& make, bool own_thread) : real(make(event_loop)) {
    if (own_thread) event_loop.start();
  }
  ~LocalDiskUnderTest() override { event_loop.stop(); }
  EventLoop& loop() override { return event_loop; }
  Disk& disk() override { return *real; }
  std::string directory() override { return temporary.path(); }

  TemporaryDirectory temporary;
  EventLoop event_loop;
  std::unique_ptr<Disk> real;
};

std::unique_ptr<Disk> thread_disk(EventLoop&) { return std::make_unique<ThreadDisk>(); }
std::unique_ptr<Disk> timing_disk(EventLoop&) {
  return std::make_unique<SyncTimingDisk>(std::make_unique<ThreadDisk>());
}
std::unique_ptr<Disk> uring_disk(EventLoop& loop) { return std::move(UringDisk::create(loop, 64)).value(); }
std::unique_ptr<Disk> shallow_uring_disk(EventLoop& loop) { return std::move(UringDisk::create(loop, 3)).value(); }

bool has_io_uring() {
  EventLoop loop;
  return Uring::create(loop, 1).has_value();
}

std::vector<DiskContractParam> local_disks() {
  auto param = [](std::string name, MakeDisk make, bool own_thread) {
    return DiskContractParam{std::move(name), [make = std::move(make), own_thread] {
                               return std::make_unique<LocalDiskUnderTest>(make, own_thread);
                             }};
  };
  std::vector<DiskContractParam> disks = {param("Threads", thread_disk, false),
                                          param("ThreadsOwnLoop", thread_disk, true),
                                          param("Timing", timing_disk, false)};
  if (has_io_uring()) {
    disks.push_back(param("Uring", uring_disk, false));
    disks.push_back(param("UringOwnLoop", uring_disk, true));
    disks.push_back(param("UringShallow", shallow_uring_disk, false));
  }
  return disks;
}

INSTANTIATE_TEST_SUITE_P(Local, DiskContract, testing::ValuesIn(local_disks()),
                         [](const auto& disk) { return disk.param.name; });

/// What only a disk of this machine can show, on each kind of it.
class LocalDiskTest : public DiskContract {};

INSTANTIATE_TEST_SUITE_P(Local, LocalDiskTest, testing::ValuesIn(local_disks()),
                         [](const auto& disk) { return disk.param.name; });

TEST_P(LocalDiskTest, FullDeviceIsDiskFull) {
  std::unique_ptr<File> file = must(disk().open("/dev/full", mode(OpenMode::read_write)));
  Result<void> result = run(file->write(0, std::vector<ByteSpan>(1, as_bytes("text"))));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::disk_full);
  EXPECT_EQ(result.error().message, "write /dev/full: No space left on device");
}

TEST_P(LocalDiskTest, DirectoryIsNotAFile) {
  EXPECT_EQ(error(disk().open(path(""), mode(OpenMode::read_write))), ErrorCode::io_error);
}

TEST_P(LocalDiskTest, NewFilesArePrivateUnlessSaid) {
  create("private");
  OpenOptions options = mode(OpenMode::create);
  options.permissions = 0644;
  must(disk().open(path("shared"), options));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path("private")).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_NE(std::filesystem::status(path("shared")).permissions() & perms::group_read, perms::none);
}

TEST_P(LocalDiskTest, OtherProgramsSeeWhatWasWritten) {
  create("file", "hello");
  std::string text;
  std::ifstream(path("file")) >> text;
  EXPECT_EQ(text, "hello");
}

TEST_P(LocalDiskTest, TruncatingToTheSizeGivesReservedSpaceBack) {
  std::unique_ptr<File> file = create("file", "text");
  must(file->preallocate(0, 8_MiB));
  must(file->truncate(4));
  std::uint64_t blocks = 0;
  struct stat state = {};
  if (::stat(path("file").c_str(), &state) == 0) blocks = static_cast<std::uint64_t>(state.st_blocks);
  EXPECT_LE(blocks * 512, 64_KiB);
}

Task<void> read_and_count([[maybe_unused]] std::shared_ptr<std::string> memory, Task<Result<std::size_t>> reading,
                          int* ended, [[maybe_unused]] Gate::Pass pass) {
  Result<std::size_t> got = co_await std::move(reading);
  if (!got) {
    EXPECT_EQ(got.error().code, ErrorCode::closed);
  }
  ++*ended;
}

Task<int> destroy_while_reading(EventLoop* loop, std::unique_ptr<Disk>* disk, std::string path) {
  Result<std::unique_ptr<File>> file = co_await (*disk)->open(path, OpenOptions{});
  EXPECT_TRUE(file.has_value());
  Gate gate;
  int ended = 0;
  for (int i = 0; i < 20; ++i) {
    auto memory = std::make_shared<std::string>(1000, '?');
    Task<Result<std::size_t>> reading = (*file)->read(0, std::as_writable_bytes(std::span(*memory)));
    spawn(*loop, read_and_count(memory, std::move(reading), &ended, *gate.enter()));
  }
  co_await boost::asio::post(loop->executor(), boost::asio::use_awaitable_t<Executor>());  // they begin
  disk->reset();
  Result<std::uint64_t> late = co_await (*file)->size();
  EXPECT_TRUE(late.has_value());
  co_await gate.close();
  co_return ended;
}

TEST_P(LocalDiskTest, DiskClosesWhileItsFilesAreRead) {
  create("file", pattern(1000));
  auto* local = static_cast<LocalDiskUnderTest*>(under_test_.get());
  EXPECT_EQ(run(destroy_while_reading(&local->event_loop, &local->real, path("file"))), 20);
}

Task<void> read_for_nobody([[maybe_unused]] std::shared_ptr<std::string> memory, Task<Result<std::size_t>> reading) {
  co_await std::move(reading);
}

TEST_P(LocalDiskTest, LoopAndDiskGoWhileOperationsRun) {
  std::unique_ptr<File> file = create("file", pattern(1000));
  for (int i = 0; i < 20; ++i) {
    auto memory = std::make_shared<std::string>(1000, '?');
    Task<Result<std::size_t>> reading = file->read(0, std::as_writable_bytes(std::span(*memory)));
    spawn(under_test_->loop(), read_for_nobody(memory, std::move(reading)));
  }
  if (!under_test_->loop().started()) under_test_->loop().context().poll_one();
  under_test_.reset();  // AddressSanitizer watches
}

TEST(OpenLocalDiskTest, UsesThreadsWhenConfigured) {
  EventLoop loop;
  LocalDiskOptions options;
  options.io_uring = false;
  std::unique_ptr<Disk> disk = open_local_disk(loop, options);
  EXPECT_NE(dynamic_cast<ThreadDisk*>(disk.get()), nullptr);
}

TEST(SyncTimingDiskTest, EverySyncIsCounted) {
  TemporaryDirectory directory;
  EventLoop loop;
  SyncTimingDisk disk(std::make_unique<ThreadDisk>());
  std::unique_ptr<File> file =
      run_blocking(loop, disk.open(directory.path() + "/file", {.mode = OpenMode::create})).value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run_blocking(loop, file->sync_data()));
  ASSERT_TRUE(run_blocking(loop, file->write_durably(0, std::vector<ByteSpan>(1, as_bytes("text")))));
  std::uint64_t syncs = 0;
  for (std::size_t i = 0; i < metrics::DurationHistogram::class_count; ++i) syncs += disk.sync_times().count(i);
  EXPECT_EQ(syncs, 4);
  EXPECT_GT(disk.sync_times().sum(), std::chrono::nanoseconds(0));
}

}  // namespace
}  // namespace shoal::io
