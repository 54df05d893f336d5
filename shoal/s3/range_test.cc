#include "shoal/s3/range.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

/// "bytes 0-4/10", "whole", or the name of the error.
std::string resolved(std::string_view header, std::uint64_t size) {
  S3Result<std::optional<ByteRange>> range = resolve_range(header, size);
  if (!range) return error_name(range);
  return *range ? content_range(**range, size) : "whole";
}

std::string copy_resolved(std::string_view header, std::uint64_t size) {
  S3Result<ByteRange> range = resolve_copy_range(header, size);
  return range ? content_range(*range, size) : error_name(range);
}

TEST(RangeTest, EveryFormOfOneRange) {
  EXPECT_EQ(resolved("bytes=0-4", 10), "bytes 0-4/10");
  EXPECT_EQ(resolved("bytes=4-4", 10), "bytes 4-4/10");
  EXPECT_EQ(resolved("bytes=4-", 10), "bytes 4-9/10");
  EXPECT_EQ(resolved("bytes=-4", 10), "bytes 6-9/10");
  EXPECT_EQ(resolved("bytes=0-100", 10), "bytes 0-9/10");
  EXPECT_EQ(resolved("bytes=-100", 10), "bytes 0-9/10");
  EXPECT_EQ(resolved("Bytes= 0-4 ", 10), "bytes 0-4/10");
}

TEST(RangeTest, NoByteOfTheObjectIsInvalid) {
  EXPECT_EQ(resolved("bytes=10-", 10), "InvalidRange");
  EXPECT_EQ(resolved("bytes=40-50", 10), "InvalidRange");
  EXPECT_EQ(resolved("bytes=-0", 10), "InvalidRange");
  EXPECT_EQ(resolved("bytes=0-", 0), "InvalidRange");
  EXPECT_EQ(resolved("bytes=-1", 0), "InvalidRange");
  EXPECT_EQ(unsatisfied_content_range(10), "bytes */10");
}

TEST(RangeTest, NumbersBeyondTheTypeDoNotWrap) {
  EXPECT_EQ(resolved("bytes=0-18446744073709551615", 10), "bytes 0-9/10");
  EXPECT_EQ(resolved("bytes=0-99999999999999999999999", 10), "bytes 0-9/10");
  EXPECT_EQ(resolved("bytes=99999999999999999999999-", 10), "InvalidRange");
  EXPECT_EQ(resolved("bytes=18446744073709551615-18446744073709551615", 10), "InvalidRange");
  EXPECT_EQ(resolved("bytes=-99999999999999999999999", 10), "bytes 0-9/10");
}

TEST(RangeTest, WhatIsNoRangeIsIgnored) {
  for (std::string_view header : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0x1-2", "bytes=1",
                                  "bytes=--1", "bytes=+1-2", "bytes=1 - 2", "items=0-4", "bytes=0-4-5", "0-4"}) {
    EXPECT_EQ(resolved(header, 10), "whole") << header;
  }
}

TEST(RangeTest, SeveralRangesGiveTheWhole) {
  EXPECT_EQ(resolved("bytes=0-1,3-4", 10), "whole");
  EXPECT_EQ(resolved("bytes=40-50,60-70", 10), "whole");
  std::string thousand = "bytes=0-0";
  for (int i = 1; i < 1000; ++i) thousand += "," + std::to_string(i) + "-" + std::to_string(i);
  EXPECT_EQ(resolved(thousand, 10), "whole");
}

TEST(RangeTest, CopyRangesAreStrict) {
  EXPECT_EQ(copy_resolved("bytes=0-4", 5), "bytes 0-4/5");
  EXPECT_EQ(copy_resolved("bytes=0-5", 5), "InvalidRange");
  EXPECT_EQ(copy_resolved("bytes=0-99999999999999999999999", 5), "InvalidRange");
  for (std::string_view header : {"0-2", "bytes=0", "bytes=hello-world", "bytes=0-bar", "bytes=hello-", "bytes=0-2,3-5",
                                  "bytes=0-", "bytes=-2", ""}) {
    EXPECT_EQ(copy_resolved(header, 5), "InvalidArgument") << header;
  }
}

}  // namespace
}  // namespace shoal::s3
