#include <gtest/gtest.h>

#include "shoal/model/bucket_name.h"
#include "shoal/model/object_key.h"

namespace shoal {
namespace {

TEST(BucketNameTest, FollowsTheRulesOfS3) {
  for (std::string_view good : {"abc", "a.b-c", "1bucket9", "127.0.0", "this.that"})
    EXPECT_TRUE(is_bucket_name(good)) << good;
  for (std::string_view bad : {"", "ab", "Abc", "a_b", "-abc", "abc-", ".abc", "a..b", "a.-b", "a-.b", "192.168.5.4",
                               "a/b", "..", "xn--abc"}) {
    EXPECT_FALSE(is_bucket_name(bad)) << bad;
  }
  EXPECT_TRUE(is_bucket_name(std::string(63, 'a')));
  EXPECT_FALSE(is_bucket_name(std::string(64, 'a')));
}

TEST(ObjectKeyTest, BucketAndNameDoNotRunTogether) { EXPECT_NE(hash_of_key("ab", "c"), hash_of_key("a", "bc")); }

// Stored data is placed by this hash: a change of it makes every data directory unreadable.
TEST(ObjectKeyTest, HashIsTheOneOfTheFormat) {
  ObjectKeyView key("bucket", "train/n01440764/n01440764_10026.JPEG");
  EXPECT_EQ(key.hash, hash_of_key("bucket", "train/n01440764/n01440764_10026.JPEG"));
  EXPECT_EQ(hash_of_key("bucket", "name"), 3515849039766114823U);
}

}  // namespace
}  // namespace shoal
