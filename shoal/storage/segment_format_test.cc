#include "shoal/storage/segment_format.h"

#include <string>

#include <gmock/gmock.h>

namespace shoal::storage {
namespace {

using testing::HasSubstr;

SegmentHeader header() {
  SegmentHeader header;
  header.directory[3] = std::byte{7};
  header.id = SegmentId(12);
  header.salt = 0xfeed;
  header.predecessor = SegmentId(9);
  header.predecessor_end = 4'096 + 160;
  header.predecessor_durable_end = 4'096 + 80;
  return header;
}

SegmentFooter footer() { return {SegmentId(12), 0xfeed, 8'208, 3, Sequence(5), Sequence(9)}; }

TEST(SegmentFormatTest, PagesComeBackAsTheyWereWritten) {
  EXPECT_EQ(parse_segment_header(as_bytes(encode_segment_header(header()))), header());
  EXPECT_EQ(parse_segment_footer(as_bytes(encode_segment_footer(footer()))), footer());
}

TEST(SegmentFormatTest, EveryFlippedByteIsDetected) {
  for (std::size_t i = 0; i < segment_page_bytes; ++i) {
    std::string page = encode_segment_header(header());
    page[i] ^= 0x10;
    EXPECT_EQ(parse_segment_header(as_bytes(page)).error().code, ErrorCode::corrupt) << i;
    page = encode_segment_footer(footer());
    page[i] ^= 0x10;
    EXPECT_EQ(parse_segment_footer(as_bytes(page)), std::nullopt) << i;
  }
}

TEST(SegmentFormatTest, FileNamesAreNumbersOfTenDigits) {
  EXPECT_EQ(segment_file_name(SegmentId(123)), "0000000123.seg");
  EXPECT_EQ(parse_segment_file_name("0000000123.seg"), SegmentId(123));
  for (const char* name : {"123.seg", "0000000000.seg", "0000000123.sex", "9999999999.seg", "000000012a.seg", ""}) {
    EXPECT_EQ(parse_segment_file_name(name), std::nullopt) << name;
  }
}

TEST(DirectoryFormatTest, ComesBackAsItWasWritten) {
  DirectoryFormat format;
  format.directory[0] = std::byte{0xab};
  format.created = "2026-01-01T00:00:00Z by shoal 0.1.0";
  Result<DirectoryFormat> parsed = parse_directory_format(encode_directory_format(format));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->directory, format.directory);
  EXPECT_EQ(parsed->created, format.created);
}

TEST(DirectoryFormatTest, RefusesANewerVersionInWordsForTheOperator) {
  DirectoryFormat format;
  format.version = format_version + 1;
  Result<DirectoryFormat> parsed = parse_directory_format(encode_directory_format(format));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::not_supported);
  EXPECT_THAT(parsed.error().message, HasSubstr("newer version of Shoal"));
  format.version = format_version;
  EXPECT_EQ(parse_directory_format(encode_directory_format(format) + "feature zstd\n").error().code,
            ErrorCode::not_supported);
}

TEST(DirectoryFormatTest, RefusesWhatIsNotOne) {
  std::string good = encode_directory_format(DirectoryFormat{});
  for (std::size_t length = 0; length + 10 < good.size(); ++length) {
    EXPECT_FALSE(parse_directory_format(good.substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace shoal::storage
