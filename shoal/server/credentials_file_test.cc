#include "shoal/server/credentials_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

namespace shoal::server {
namespace {

class CredentialsFileTest : public testing::Test {
 protected:
  CredentialsFileTest() {
    std::string pattern = testing::TempDir() + "credentials.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~CredentialsFileTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(CredentialsFileTest, FirstStartMakesARandomPairThatLaterStartsFind) {
  auto first = load_or_create_credentials(directory_);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_TRUE(first->created);
  EXPECT_TRUE(check_credentials(first->access_key, first->secret_key).has_value());

  auto second = load_or_create_credentials(directory_);
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(second->created);
  EXPECT_EQ(second->access_key, first->access_key);
  EXPECT_EQ(second->secret_key, first->secret_key);
}

TEST_F(CredentialsFileTest, NoTwoServersGetTheSamePair) {
  auto one = load_or_create_credentials(directory_);
  std::filesystem::remove(directory_ / "credentials");
  auto other = load_or_create_credentials(directory_);
  EXPECT_NE(one->access_key, other->access_key);
  EXPECT_NE(one->secret_key, other->secret_key);
}

TEST_F(CredentialsFileTest, OnlyTheOwnerMayReadTheFile) {
  ASSERT_TRUE(load_or_create_credentials(directory_).has_value());
  struct stat status{};
  ASSERT_EQ(::stat((directory_ / "credentials").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);

  ::chmod((directory_ / "credentials").c_str(), 0644);
  auto refused = load_or_create_credentials(directory_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::HasSubstr("chmod 600"));
}

TEST_F(CredentialsFileTest, ADamagedFileIsAnErrorThatKeepsTheSecret) {
  {
    std::ofstream file(directory_ / "credentials");
    file << "access_key=someone\nsecret_key=short\n";
  }
  ::chmod((directory_ / "credentials").c_str(), 0600);
  auto refused = load_or_create_credentials(directory_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::Not(testing::HasSubstr("short")));
}

}  // namespace
}  // namespace shoal::server
