#include "shoal/origin/bucket_names.h"

#include <gtest/gtest.h>

#include "shoal/testing/matchers.h"

namespace shoal::origin {
namespace {

using testing::HasError;

TEST(BucketNamesTest, OthersHaveTheSameNameOnBothSides) {
  BucketNames names;
  EXPECT_EQ(names.there("photos").value(), "photos");
  EXPECT_EQ(names.here("photos"), "photos");
}

TEST(BucketNamesTest, ABucketIsKnownByOneNameOnly) {
  BucketNames names;
  EXPECT_TRUE(names.add("photos", "company-photos"));
  EXPECT_EQ(names.there("photos").value(), "company-photos");
  EXPECT_EQ(names.here("company-photos"), "photos");
  EXPECT_THAT(names.there("company-photos"), HasError(ErrorCode::no_such_bucket));
  EXPECT_EQ(names.here("photos"), std::nullopt);
}

TEST(BucketNamesTest, NamesMayBeExchanged) {
  BucketNames names;
  EXPECT_TRUE(names.add("a", "b"));
  EXPECT_TRUE(names.add("b", "a"));
  EXPECT_EQ(names.there("a").value(), "b");
  EXPECT_EQ(names.here("a"), "b");
}

TEST(BucketNamesTest, NoNameIsGivenTwice) {
  BucketNames names;
  EXPECT_TRUE(names.add("a", "b"));
  EXPECT_FALSE(names.add("a", "c"));
  EXPECT_FALSE(names.add("c", "b"));
}

}  // namespace
}  // namespace shoal::origin
