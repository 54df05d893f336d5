#include "shoal/s3/error.h"

#include <gtest/gtest.h>

#include "shoal/base/result.h"

namespace shoal::s3 {
namespace {

TEST(S3ErrorTest, NamesAndStatusesAreThoseOfS3) {
  EXPECT_EQ(wire_name(S3ErrorCode::no_such_key), "NoSuchKey");
  EXPECT_EQ(http_status(S3ErrorCode::no_such_key), 404);
  EXPECT_EQ(wire_name(S3ErrorCode::signature_does_not_match), "SignatureDoesNotMatch");
  EXPECT_EQ(http_status(S3ErrorCode::signature_does_not_match), 403);
  EXPECT_EQ(wire_name(S3ErrorCode::x_amz_content_sha256_mismatch), "XAmzContentSHA256Mismatch");
  EXPECT_EQ(http_status(S3ErrorCode::missing_content_length), 411);
}

TEST(S3ErrorTest, FailuresInsideTheServerKeepTheirDetailsInside) {
  S3Error shown = from_store_error(Error(ErrorCode::io_error, "read /var/lib/shoal/segment-7 at 4096"));
  EXPECT_EQ(shown.code, S3ErrorCode::internal_error);
  EXPECT_EQ(shown.message.find("segment"), std::string::npos);
}

TEST(S3ErrorTest, TryPassesAnS3ErrorOn) {
  auto inner = []() -> S3Result<int> { return failure(S3ErrorCode::invalid_range); };
  auto outer = [&]() -> S3Result<void> {
    TRY(inner());
    return {};
  };
  ASSERT_FALSE(outer().has_value());
  EXPECT_EQ(outer().error().code, S3ErrorCode::invalid_range);
}

}  // namespace
}  // namespace shoal::s3
