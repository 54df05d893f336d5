#include "shoal/s3/payload_verifier.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/base/text.h"
#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view body = "123456789";
constexpr std::string_view body_md5 = "25f9e794323b453885f5181f1b624d0b";
constexpr std::string_view body_crc32 = "y/Q5Jg==";

/// What becomes of a PUT of `body` with these header lines (and trailers, announced by the lines).
S3Result<PayloadDigest> put(std::string_view lines, std::vector<PayloadDecoder::Trailer> trailers = {},
                            std::optional<Sha256::Value> sha256 = {}) {
  TestRequest request("PUT /b/k\nx-amz-decoded-content-length: 9\n" + std::string(lines));
  PayloadAuth auth;
  auth.kind = trailers.empty() ? PayloadKind::unsigned_payload : PayloadKind::streaming_unsigned_trailer;
  if (sha256) auth = {.kind = PayloadKind::single_sha256, .sha256 = *sha256, .chunk_signer = {}};
  TRY_ASSIGN(PayloadDecoder::Options decoder, PayloadDecoder::options_of(request.head().headers, 9, auth));
  TRY_ASSIGN(PayloadVerifier::Options options, PayloadVerifier::options_of(request.head().headers, decoder));
  PayloadVerifier verifier(options);
  verifier.update(as_bytes(body.substr(0, 4)));
  verifier.update(as_bytes(body.substr(4)));
  return verifier.finish(trailers);
}

TEST(PayloadVerifierTest, EtagIsTheMd5) {
  S3Result<PayloadDigest> digest = put("A: b");
  ASSERT_TRUE(digest.has_value());
  EXPECT_EQ(digest->etag, body_md5);
  EXPECT_EQ(digest->size, 9U);
  EXPECT_THAT(digest->checksums, IsEmpty());
}

TEST(PayloadVerifierTest, ContentMd5) {
  EXPECT_EQ(error_name(put("Content-MD5: " + to_base64(*from_hex(body_md5)))), "");
  EXPECT_EQ(error_name(put("Content-MD5: rL0Y20xC+Fzt72VPzMSk2A==")), "BadDigest");
  EXPECT_EQ(error_name(put("Content-MD5: YWJyYWNhZGFicmE=")), "InvalidDigest");
  EXPECT_EQ(error_name(put("Content-MD5:")), "InvalidDigest");
}

TEST(PayloadVerifierTest, ContentSha256) {
  EXPECT_EQ(error_name(put("A: b", {}, Sha256::of(as_bytes(body)))), "");
  EXPECT_EQ(error_name(put("A: b", {}, Sha256::of(as_bytes("other")))), "XAmzContentSHA256Mismatch");
}

TEST(PayloadVerifierTest, ChecksumInAHeader) {
  S3Result<PayloadDigest> digest = put("x-amz-checksum-crc32: y/Q5Jg==\nx-amz-sdk-checksum-algorithm: CRC32");
  ASSERT_TRUE(digest.has_value());
  EXPECT_THAT(digest->checksums,
              ElementsAre(Checksum{ChecksumAlgorithm::crc32, ChecksumType::full_object, std::string(body_crc32)}));
  EXPECT_EQ(error_name(put("x-amz-checksum-crc64nvme: rosUhgp5mIg=")), "");
  EXPECT_EQ(error_name(put("x-amz-checksum-crc32: AAAAAA==")), "BadDigest");
  EXPECT_EQ(error_name(put("x-amz-checksum-crc32: y/Q5Jg")), "BadDigest");
  EXPECT_EQ(error_name(put("x-amz-checksum-sha1: y/Q5Jg==")), "BadDigest");
  EXPECT_EQ(error_name(put("x-amz-checksum-crc32: y/Q5Jg==\nx-amz-checksum-crc32c: 4waSgw==")), "InvalidRequest");
}

TEST(PayloadVerifierTest, ChecksumInTheTrailer) {
  const std::string announced = "x-amz-trailer: x-amz-checksum-crc32\nx-amz-sdk-checksum-algorithm: CRC32";
  auto trailer = [](std::string_view value) {
    return std::vector<PayloadDecoder::Trailer>{{"x-amz-checksum-crc32", std::string(value)}};
  };
  S3Result<PayloadDigest> digest = put(announced, trailer(body_crc32));
  ASSERT_TRUE(digest.has_value());
  EXPECT_THAT(digest->checksums,
              ElementsAre(Checksum{ChecksumAlgorithm::crc32, ChecksumType::full_object, std::string(body_crc32)}));
  EXPECT_EQ(error_name(put(announced, trailer("AAAAAA=="))), "BadDigest");
  EXPECT_EQ(error_name(put(announced, trailer("AAAA"))), "BadDigest");
  EXPECT_EQ(error_name(put(announced + "\nx-amz-checksum-crc32: y/Q5Jg==", trailer(body_crc32))), "InvalidRequest");
}

TEST(PayloadVerifierTest, SdkChecksumAlgorithmMustBeKept) {
  EXPECT_EQ(error_name(put("x-amz-sdk-checksum-algorithm: CRC32")), "InvalidRequest");
  EXPECT_EQ(error_name(put("x-amz-sdk-checksum-algorithm: CRC32C\nx-amz-checksum-crc32: y/Q5Jg==")), "InvalidRequest");
  EXPECT_EQ(error_name(put("x-amz-sdk-checksum-algorithm: MD6\nx-amz-checksum-crc32: y/Q5Jg==")), "InvalidRequest");
  EXPECT_EQ(error_name(put("x-amz-sdk-checksum-algorithm: CRC32\nContent-MD5: " + to_base64(*from_hex(body_md5)))), "");
}

}  // namespace
}  // namespace shoal::s3
