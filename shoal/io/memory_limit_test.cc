#include "shoal/io/memory_limit.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace shoal::io {
namespace {

class MemoryLimitTest : public testing::Test {
 protected:
  MemoryLimitTest() {
    std::string pattern = testing::TempDir() + "memory_limit.XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 5 kB\n");
  }
  ~MemoryLimitTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& content) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
  }
  std::uint64_t limit() { return memory_limit_bytes(root_ / "proc", root_ / "cgroup"); }

  std::filesystem::path root_;
};

TEST_F(MemoryLimitTest, IsThatOfTheMachineWithoutCgroups) { EXPECT_EQ(limit(), 1000U * 1024); }

TEST_F(MemoryLimitTest, TakesTheSmallestOfTheGroupAndThoseAboveIt) {
  write("proc/self/cgroup", "0::/a/b\n");
  write("cgroup/a/b/memory.max", "max\n");
  write("cgroup/a/memory.max", "5000\n");
  write("cgroup/a/memory.high", "4000\n");
  EXPECT_EQ(limit(), 4000U);
  write("cgroup/a/b/memory.max", "3000\n");
  EXPECT_EQ(limit(), 3000U);
}

TEST_F(MemoryLimitTest, KnowsVersionOne) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/a\n");
  write("cgroup/memory/a/memory.limit_in_bytes", "7000\n");
  EXPECT_EQ(limit(), 7000U);
  write("cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), 1000U * 1024);
}

TEST_F(MemoryLimitTest, OfThisProcessIsPlausible) { EXPECT_GT(memory_limit_bytes(), std::uint64_t{1} << 24); }

}  // namespace
}  // namespace shoal::io
