#include "shoal/origin/checksum_trailer.h"

#include <gtest/gtest.h>

#include "shoal/base/bytes.h"
#include "shoal/s3/checksum.h"

namespace shoal::origin {
namespace {

TEST(ChecksumTrailerTest, FramesABody) {
  ChecksumTrailer trailer(ChecksumAlgorithm::crc32c, 0x1a2b);
  EXPECT_EQ(trailer.before_body(), "1a2b\r\n");
  EXPECT_EQ(trailer.after_body("AAAAAA=="), "\r\n0\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n");
}

TEST(ChecksumTrailerTest, SizeIsKnownBeforeTheChecksum) {
  for (ChecksumAlgorithm algorithm : s3::checksum_algorithms) {
    s3::ChecksumState state(algorithm);
    state.update(as_bytes(std::string_view("body")));
    ChecksumTrailer trailer(algorithm, 4);
    std::string framed = trailer.before_body() + "body" + trailer.after_body(state.finish());
    EXPECT_EQ(trailer.framed_bytes(), framed.size()) << s3::to_string(algorithm);
  }
}

}  // namespace
}  // namespace shoal::origin
