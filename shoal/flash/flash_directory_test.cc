#include "shoal/flash/flash_directory.h"

#include <gtest/gtest.h>

#include "shoal/sim/simulated_disk.h"
#include "shoal/testing/matchers.h"
#include "shoal/testing/run_task.h"

namespace shoal::flash {
namespace {

using testing::HasError;
using testing::IsOk;

class FlashDirectoryTest : public ::testing::Test {
 protected:
  FlashDirectoryTest() {
    options_.path = "flash";
    options_.capacity = 1_GiB;
    options_.segment_bytes = 64_MiB;
    options_.loops = 2;
    options_.below = "origin http://one";
    EXPECT_THAT(run(disk_.create_directory("flash")), IsOk());
  }

  template <typename T>
  T run(Task<T> task) {
    return testing::run_task(loop_, std::move(task));
  }
  Result<std::unique_ptr<FlashDirectory>> open() { return run(FlashDirectory::open(&disk_, options_)); }
  storage::DirectoryId id() { return (*open())->id(); }

  boost::asio::io_context loop_;
  sim::SimulatedDisk disk_;
  FlashDirectory::Options options_;
};

TEST_F(FlashDirectoryTest, MustExist) {
  options_.path = "elsewhere";
  EXPECT_THAT(open(), HasError(ErrorCode::invalid_argument));
}

TEST_F(FlashDirectoryTest, IsForOneProcess) {
  auto first = open();
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(open(), HasError(ErrorCode::conflict));
  first->reset();
  EXPECT_THAT(open(), IsOk());
}

TEST_F(FlashDirectoryTest, TheDiskHasToBeLargeEnough) {
  disk_.set_capacity(512_MiB);
  EXPECT_THAT(open(), HasError(ErrorCode::invalid_argument));
  options_.capacity = 256_MiB;
  EXPECT_THAT(open(), IsOk());
}

TEST_F(FlashDirectoryTest, IsTheSameForTheSameStoreAndLoops) {
  storage::DirectoryId first = id();
  EXPECT_EQ(id(), first);
  options_.below = "origin http://other";
  storage::DirectoryId second = id();
  EXPECT_NE(second, first);
  options_.loops = 3;
  EXPECT_NE(id(), second);
}

TEST_F(FlashDirectoryTest, LoopsThatAreNoMoreLeaveNothing) {
  EXPECT_THAT(run(disk_.create_directory("flash/loop-1")), IsOk());
  EXPECT_THAT(run(disk_.create_directory("flash/loop-2")), IsOk());
  io::OpenOptions create;
  create.mode = io::OpenMode::create;
  EXPECT_THAT(run(disk_.open("flash/loop-2/0000000001.seg", create)), IsOk());
  EXPECT_THAT(open(), IsOk());
  EXPECT_THAT(*run(disk_.list("flash")), ::testing::ElementsAre("FLASH", "LOCK", "loop-1"));
}

TEST_F(FlashDirectoryTest, ALoopHasSeveralSegments) {
  auto directory = open();
  EXPECT_EQ((*directory)->segment_bytes(), 64_MiB - 4_KiB);  // an eighth of what a loop has
  directory->reset();
  options_.capacity = 64_GiB;
  EXPECT_EQ((*open())->segment_bytes(), 64_MiB);
}

}  // namespace
}  // namespace shoal::flash
