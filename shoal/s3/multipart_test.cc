#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shoal/s3/multipart_request.h"
#include "shoal/s3/multipart_rules.h"
#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

constexpr auto md5_a = "0cc175b9c0f1b6a831c399e269772661";
constexpr auto md5_b = "92eb5ffee6ae2fec3ad71c777531578f";
constexpr auto crc32_of_a = "6Le+Qw==";
constexpr auto crc32_of_b = "cb7v+Q==";

std::string announced(std::string headers) {
  TestRequest request("POST /photos/cat?uploads\n" + headers);
  S3Result<ObjectInfo> info = parse_create_multipart_upload(request.operation());
  if (!info) return error_name(info);
  if (info->checksums.empty()) return "none";
  return info->checksums.front().type == ChecksumType::composite ? "composite" : "full";
}

TEST(MultipartRequestTest, ChecksumTypes) {
  EXPECT_EQ(announced("x-amz-meta-a: 1"), "none");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: CRC32"), "composite");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: CRC32\nx-amz-checksum-type: FULL_OBJECT"), "full");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: CRC64NVME"), "full");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: CRC64NVME\nx-amz-checksum-type: COMPOSITE"), "InvalidRequest");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: SHA256"), "composite");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: SHA256\nx-amz-checksum-type: FULL_OBJECT"), "InvalidRequest");
  EXPECT_EQ(announced("x-amz-checksum-type: COMPOSITE"), "InvalidRequest");
  EXPECT_EQ(announced("x-amz-checksum-algorithm: SHA256\nx-amz-checksum-type: both"), "InvalidRequest");
}

std::string target(std::string_view lines) {
  TestRequest request(lines);
  S3Result<PartTarget> part = parse_part_target(request.operation());
  return part ? part->upload.id + " " + std::to_string(part->part_number) : error_name(part);
}

TEST(MultipartRequestTest, PartNumbers) {
  EXPECT_EQ(target("PUT /photos/cat?partNumber=10000&uploadId=u"), "u 10000");
  EXPECT_EQ(target("PUT /photos/cat?partNumber=10001&uploadId=u"), "InvalidArgument");
  EXPECT_EQ(target("PUT /photos/cat?partNumber=0&uploadId=u"), "InvalidArgument");
  EXPECT_EQ(target("PUT /photos/cat?uploadId=u"), "InvalidArgument");
  EXPECT_EQ(target("PUT /photos/cat?partNumber=99999999999999999999&uploadId=u"), "InvalidArgument");
  EXPECT_EQ(target("PUT /photos/cat?partNumber=1&uploadId="), "NoSuchUpload");
}

/// An upload of two parts, 5 MiB and 1 byte, whose MD5s are those of "a" and "b".
class CompleteUploadTest : public testing::Test {
 protected:
  CompleteUploadTest() {
    upload.info.user_metadata = {{"color", "red"}};
    stored = {stored_part(2, part_bytes_min, md5_a), stored_part(5, 1, md5_b)};
    listed = {{2, md5_a, {}}, {5, md5_b, {}}};
  }
  static PartInfo stored_part(std::uint32_t number, std::uint64_t size, std::string etag) {
    PartInfo part;
    part.number = number;
    part.size = size;
    part.etag = std::move(etag);
    return part;
  }
  std::string error() const { return error_name(complete_upload(upload, stored, listed, headers)); }
  void give_parts_crc32() {
    stored[0].checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, crc32_of_a}};
    stored[1].checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, crc32_of_b}};
  }
  std::string made_checksum() const {
    S3Result<ObjectInfo> object = complete_upload(upload, stored, listed, headers);
    if (!object) return error_name(object);
    return object->checksums.empty() ? "none" : object->checksums.front().value;
  }

  UploadInfo upload;
  std::vector<PartInfo> stored;
  std::vector<CompletedPart> listed;
  CompletionHeaders headers;
};

TEST_F(CompleteUploadTest, MakesTheObjectOfItsParts) {
  ObjectInfo object = complete_upload(upload, stored, listed, headers).value();
  EXPECT_EQ(object.size, part_bytes_min + 1);
  // printf 0cc175b9c0f1b6a831c399e26977266192eb5ffee6ae2fec3ad71c777531578f | xxd -r -p | md5sum
  EXPECT_EQ(object.etag, "96e024ba2074fe77e8e965ba43a704be-2");
  EXPECT_EQ(object.parts, stored);
  EXPECT_EQ(object.user_metadata, upload.info.user_metadata);
}

TEST_F(CompleteUploadTest, PartsMayBeLeftOut) {
  listed.erase(listed.begin());
  EXPECT_EQ(complete_upload(upload, stored, listed, headers)->size, 1U);
}

TEST_F(CompleteUploadTest, PartsMustAscend) {
  std::swap(listed[0], listed[1]);
  EXPECT_EQ(error(), "InvalidPartOrder");
  listed[1] = listed[0];
  EXPECT_EQ(error(), "InvalidPartOrder");
}

TEST_F(CompleteUploadTest, PartsMustBeThoseThatWereUploaded) {
  listed[1].etag = md5_a;
  EXPECT_EQ(error(), "InvalidPart");
  listed[1] = {6, md5_b, {}};
  EXPECT_EQ(error(), "InvalidPart");
  listed[1] = {5, md5_b, {{ChecksumAlgorithm::crc32, crc32_of_b}}};
  EXPECT_EQ(error(), "InvalidPart");
  give_parts_crc32();
  EXPECT_EQ(error(), "");
  listed[1].checksums[0].second = crc32_of_a;
  EXPECT_EQ(error(), "InvalidPart");
}

TEST_F(CompleteUploadTest, OnlyTheLastPartMayBeSmall) {
  stored[0].size = part_bytes_min - 1;
  EXPECT_EQ(error(), "EntityTooSmall");
}

TEST_F(CompleteUploadTest, AnObjectHasAtMostFiveTebibytes) {
  stored[0].size = object_bytes_max;
  EXPECT_EQ(error(), "EntityTooLarge");
}

TEST_F(CompleteUploadTest, TheAnnouncedSizeMustBeRight) {
  headers.object_size = part_bytes_min + 1;
  EXPECT_EQ(error(), "");
  headers.object_size = part_bytes_min;
  EXPECT_EQ(error(), "InvalidRequest");
}

TEST_F(CompleteUploadTest, TheAnnouncedChecksumIsMade) {
  give_parts_crc32();
  EXPECT_EQ(made_checksum(), "none");
  upload.info.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::composite, ""}};
  std::string composite = made_checksum();
  EXPECT_TRUE(composite.ends_with("-2")) << composite;
  upload.info.checksums.front().type = ChecksumType::full_object;
  EXPECT_EQ(made_checksum().size(), 8U);
}

TEST_F(CompleteUploadTest, TheChecksumOfTheClientMustBeRight) {
  give_parts_crc32();
  upload.info.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::composite, ""}};
  std::string composite = made_checksum();
  headers.checksum_algorithm = ChecksumAlgorithm::crc32;
  headers.checksum_value = composite;
  EXPECT_EQ(error(), "");
  headers.checksum_value = composite.substr(0, composite.size() - 2);
  EXPECT_EQ(error(), "");
  headers.checksum_value = "bad";
  EXPECT_EQ(error(), "BadDigest");
  headers.checksum_algorithm = ChecksumAlgorithm::sha256;
  EXPECT_EQ(error(), "InvalidRequest");
}

TEST_F(CompleteUploadTest, AChecksumNeedsThoseOfTheParts) {
  headers.checksum_algorithm = ChecksumAlgorithm::crc32;
  headers.checksum_value = crc32_of_a;
  EXPECT_EQ(error(), "InvalidRequest");
}

}  // namespace
}  // namespace shoal::s3
