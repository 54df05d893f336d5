#include "shoal/cache/single_flight.h"

#include <gtest/gtest.h>

namespace shoal::cache {
namespace {

class SingleFlightTest : public ::testing::Test {
 protected:
  bool is_joinable(const std::shared_ptr<Flight>& read) const { return in_flight_.joinable(key_) == read; }

  const ObjectKey key_{"bucket", "a"};
  const ObjectKey other_{"bucket", "b"};
  SingleFlight in_flight_;
};

TEST_F(SingleFlightTest, ReadIsSharedWhileItRuns) {
  EXPECT_EQ(in_flight_.joinable(key_), nullptr);
  auto read = in_flight_.begin_read(key_);
  EXPECT_TRUE(is_joinable(read));
  EXPECT_EQ(in_flight_.joinable(other_), nullptr);
  EXPECT_TRUE(in_flight_.end_read(key_, read));
  EXPECT_EQ(in_flight_.joinable(key_), nullptr);
  EXPECT_EQ(in_flight_.reads_running(), 0U);
}

TEST_F(SingleFlightTest, WriteThatBeginsOrEndsForbidsJoiningAndCaching) {
  auto before = in_flight_.begin_read(key_);
  auto write = in_flight_.begin_write(key_);
  EXPECT_FALSE(is_joinable(before));
  auto during = in_flight_.begin_read(key_);
  EXPECT_TRUE(is_joinable(during));
  EXPECT_TRUE(in_flight_.end_write(key_, write).alone);
  EXPECT_FALSE(is_joinable(during));
  auto after = in_flight_.begin_read(key_);
  EXPECT_TRUE(is_joinable(after));
  EXPECT_FALSE(in_flight_.end_read(key_, before));
  EXPECT_FALSE(in_flight_.end_read(key_, during));
  EXPECT_TRUE(is_joinable(after));
  EXPECT_TRUE(in_flight_.end_read(key_, after));
}

TEST_F(SingleFlightTest, WriteOfAnotherKeyDisturbsNothing) {
  auto read = in_flight_.begin_read(key_);
  auto write = in_flight_.begin_write(other_);
  EXPECT_TRUE(is_joinable(read));
  EXPECT_TRUE(in_flight_.end_write(other_, write).alone);
  EXPECT_TRUE(in_flight_.end_read(key_, read));
}

// The read that ended may have shown the new version, the one that runs may bring the old one.
TEST_F(SingleFlightTest, ReadThatEndsWhileAWriteRunsForbidsJoiningAnOlderOne) {
  auto first = in_flight_.begin_read(key_);
  auto write = in_flight_.begin_write(key_);
  auto second = in_flight_.begin_read(key_);
  EXPECT_TRUE(is_joinable(second));
  EXPECT_FALSE(in_flight_.end_read(key_, first));
  EXPECT_FALSE(is_joinable(second));
  in_flight_.end_read(key_, second);
  in_flight_.end_write(key_, write);
}

TEST_F(SingleFlightTest, OtherSightOfKeysWhileAWriteRunsForbidsJoining) {
  auto write = in_flight_.begin_write(key_);
  auto read = in_flight_.begin_read(key_);
  in_flight_.observed_all();
  EXPECT_FALSE(is_joinable(read));
  in_flight_.end_read(key_, read);
  in_flight_.end_write(key_, write);

  auto quiet = in_flight_.begin_read(key_);
  in_flight_.observed_all();
  EXPECT_TRUE(is_joinable(quiet));
  EXPECT_TRUE(in_flight_.end_read(key_, quiet));
}

TEST_F(SingleFlightTest, BucketThatComesOrGoesForbidsJoiningAndCaching) {
  auto read = in_flight_.begin_read(key_);
  in_flight_.buckets_changed();
  EXPECT_FALSE(is_joinable(read));
  EXPECT_FALSE(in_flight_.end_read(key_, read));
}

TEST_F(SingleFlightTest, WritesThatOverlapAreNotAlone) {
  auto first = in_flight_.begin_write(key_);
  auto second = in_flight_.begin_write(key_);
  EXPECT_FALSE(in_flight_.end_write(key_, first).alone);
  auto third = in_flight_.begin_write(key_);
  EXPECT_FALSE(in_flight_.end_write(key_, second).alone);
  EXPECT_FALSE(in_flight_.end_write(key_, third).alone);
  auto fourth = in_flight_.begin_write(key_);
  EXPECT_TRUE(in_flight_.end_write(key_, fourth).alone);
}

}  // namespace
}  // namespace shoal::cache
