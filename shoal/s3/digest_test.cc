#include "shoal/s3/digest.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/base/text.h"

namespace shoal::s3 {
namespace {

// Vectors: RFC 1321 appendix A.5, FIPS 180-4 examples.
TEST(DigestTest, KnownAnswers) {
  Md5 md5;
  md5.update(as_bytes("message "));
  md5.update(as_bytes("digest"));
  EXPECT_EQ(to_hex(md5.finish()), "f96b697d7cb7938d525a2f31aaf161d0");
  Sha1 sha1;
  sha1.update(as_bytes("abc"));
  EXPECT_EQ(to_hex(sha1.finish()), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(Sha256::of({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(Sha256::of(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, test cases 2 and 6: a short key, and one longer than a block.
TEST(DigestTest, HmacKnownAnswers) {
  HmacSha256 jefe(as_bytes("Jefe"));
  EXPECT_EQ(to_hex(jefe.of(as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  std::string long_key(131, '\xaa');
  EXPECT_EQ(
      to_hex(HmacSha256(as_bytes(long_key)).of(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DigestTest, ComparisonNeedsEqualLengths) {
  EXPECT_TRUE(equal_in_constant_time(as_bytes("same"), as_bytes("same")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("some")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("same!")));
}

}  // namespace
}  // namespace shoal::s3
