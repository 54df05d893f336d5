#include "shoal/s3/object_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::s3 {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

ObjectInfo cat() {
  ObjectInfo object;
  object.size = 11;
  object.etag = "abc";
  object.last_modified = WallTime{1'700'000'000'999ms};
  return object;
}

std::string read_headers(const ObjectInfo& object, const ReadRequest& read, std::optional<ByteRange> range) {
  http::HeaderLines lines;
  add_read_headers(lines, object, read, range);
  return std::string(lines.text());
}

TEST(ObjectHeadersTest, OfAPlainObject) {
  EXPECT_EQ(object_headers(cat()).text(),
            "ETag: \"abc\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nAccept-Ranges: bytes\r\n"
            "Content-Type: binary/octet-stream\r\n");
}

TEST(ObjectHeadersTest, OfOneThatCameWithHeaders) {
  ObjectInfo object = cat();
  object.headers = {{"content-type", "image/png"}, {"expires", "never"}};
  object.user_metadata = {{"color", "red"}, {"name", "caf\xE9"}, {"empty", ""}};
  object.tags = {{"a", "1"}, {"b", "2"}};
  object.storage_class = "STANDARD_IA";
  http::HeaderLines lines = object_headers(object);
  EXPECT_TRUE(lines.valid());
  EXPECT_THAT(lines.text(), HasSubstr("\r\nContent-Type: image/png\r\nExpires: never\r\nx-amz-meta-color: red\r\n"
                                      "x-amz-meta-name: caf\xE9\r\nx-amz-meta-empty: \r\nx-amz-tagging-count: 2\r\n"
                                      "x-amz-storage-class: STANDARD_IA\r\n"));
}

TEST(ObjectHeadersTest, OverridesReplace) {
  ObjectInfo object = cat();
  object.headers = {{"content-type", "image/png"}, {"cache-control", "no-store"}};
  std::vector<std::pair<std::string, std::string>> overrides = {{"content-type", "a/b"}, {"expires", "123"}};
  std::string text(object_headers(object, overrides).text());
  EXPECT_THAT(text, HasSubstr("Content-Type: a/b\r\nCache-Control: no-store\r\nExpires: 123\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("image/png")));
}

TEST(ObjectHeadersTest, NothingSplitsAResponse) {
  ObjectInfo object = cat();
  object.user_metadata = {{"a", "1\r\nSet-Cookie: x"}};
  EXPECT_FALSE(object_headers(object).valid());
  object.user_metadata = {{"a\r\nb", "1"}};
  EXPECT_FALSE(object_headers(object).valid());
}

TEST(ObjectHeadersTest, ChecksumsAreThoseOfWhatIsSent) {
  ObjectInfo object = cat();
  object.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::composite, "whole-2"}};
  object.parts.resize(2);
  object.parts[0].number = 1;
  object.parts[0].checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, "part"}};
  ReadRequest read;
  EXPECT_EQ(read_headers(object, read, std::nullopt), "");
  read.with_checksums = true;
  EXPECT_EQ(read_headers(object, read, std::nullopt),
            "x-amz-checksum-crc32: whole-2\r\nx-amz-checksum-type: COMPOSITE\r\n");
  EXPECT_EQ(read_headers(object, read, ByteRange{0, 5}), "Content-Range: bytes 0-4/11\r\n");
  read.part_number = 1;
  EXPECT_EQ(read_headers(object, read, ByteRange{0, 5}),
            "Content-Range: bytes 0-4/11\r\nx-amz-mp-parts-count: 2\r\nx-amz-checksum-crc32: part\r\n"
            "x-amz-checksum-type: COMPOSITE\r\n");
}

TEST(ObjectHeadersTest, OfOtherAnswers) {
  ObjectInfo object = cat();
  object.headers = {{"content-type", "image/png"}, {"cache-control", "no-store"}};
  EXPECT_EQ(not_modified_headers(object).text(),
            "ETag: \"abc\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nCache-Control: no-store\r\n");
  object.checksums = {{ChecksumAlgorithm::sha256, ChecksumType::full_object, "v"}};
  EXPECT_EQ(stored_headers(object).text(),
            "ETag: \"abc\"\r\nx-amz-checksum-sha256: v\r\nx-amz-checksum-type: FULL_OBJECT\r\n");
}

}  // namespace
}  // namespace shoal::s3
