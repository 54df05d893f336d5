#include "shoal/loadgen/aws_profile.h"

#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

constexpr std::string_view file =
    "# made by hand\r\n"
    "[default]\r\n"
    "aws_access_key_id = DEFAULT\r\n"
    "\n"
    "[ work ]\n"
    "aws_access_key_id=OLD\n"
    "; aws_access_key_id=COMMENTED\n"
    "  aws_access_key_id = NEW \n"
    "aws_secret_access_key = a=b/c+d==\n"
    "[profile ci]\n"
    "region = eu-west-1";

TEST(AwsProfileTest, SectionsAreFoundByName) {
  EXPECT_EQ(AwsProfile::find(file, "default")->value("aws_access_key_id"), "DEFAULT");
  EXPECT_EQ(AwsProfile::find(file, "default")->value("aws_secret_access_key"), std::nullopt);
  EXPECT_EQ(AwsProfile::find(file, "ci")->value("region"), "eu-west-1");
  EXPECT_FALSE(AwsProfile::find(file, "home").has_value());
  EXPECT_FALSE(AwsProfile::find("", "default").has_value());
}

TEST(AwsProfileTest, TheLastValueCountsAndIsTakenWhole) {
  auto work = AwsProfile::find(file, "work");
  ASSERT_TRUE(work.has_value());
  EXPECT_EQ(work->value("aws_access_key_id"), "NEW");
  EXPECT_EQ(work->value("aws_secret_access_key"), "a=b/c+d==");
}

}  // namespace
}  // namespace shoal::loadgen
