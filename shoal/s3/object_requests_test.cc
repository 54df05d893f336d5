#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/copy_request.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/object_attributes.h"
#include "shoal/s3/read_request.h"
#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::chrono::sys_seconds now{std::chrono::seconds{1'700'000'000}};

S3Result<ObjectInfo> attributes(std::string headers) {
  TestRequest request("PUT /photos/cat\n" + headers);
  return parse_object_attributes(request.operation());
}

TEST(ObjectAttributesTest, ContentHeadersAreKeptAsTheyCame) {
  ObjectInfo info = attributes("Content-Type: image/png\nCache-Control: max-age=5\nExpires: never\nX-Other: 1").value();
  EXPECT_THAT(info.headers, ElementsAre(Pair("content-type", "image/png"), Pair("cache-control", "max-age=5"),
                                        Pair("expires", "never")));
  EXPECT_THAT(attributes("Content-Type:")->headers, IsEmpty());
}

TEST(ObjectAttributesTest, AwsChunkedIsNotStored) {
  auto encoding = [](std::string value) {
    ObjectInfo info = attributes("Content-Encoding: " + value).value();
    return info.headers.empty() ? std::string() : info.headers.front().second;
  };
  EXPECT_EQ(encoding("gzip"), "gzip");
  EXPECT_EQ(encoding("deflate, gzip"), "deflate, gzip");
  EXPECT_EQ(encoding("gzip, aws-chunked"), "gzip");
  EXPECT_EQ(encoding("AWS-Chunked,gzip"), "gzip");
  EXPECT_EQ(encoding("aws-chunked, aws-chunked"), "");
}

TEST(ObjectAttributesTest, UserMetadata) {
  EXPECT_THAT(attributes("X-Amz-Meta-Color: red\nx-amz-meta-n:\nx-amz-meta-color: blue")->user_metadata,
              ElementsAre(Pair("color", "red,blue"), Pair("n", "")));
  EXPECT_THAT(attributes("x-amz-meta-name: caf\xE9")->user_metadata, ElementsAre(Pair("name", "caf\xE9")));
  EXPECT_EQ(error_name(attributes("x-amz-meta-: 1")), "InvalidArgument");
  EXPECT_EQ(error_name(attributes("x-amz-meta-a: " + std::string(2047, 'v'))), "");
  EXPECT_EQ(error_name(attributes("x-amz-meta-a: " + std::string(2048, 'v'))), "MetadataTooLarge");
}

TEST(ObjectAttributesTest, Tags) {
  EXPECT_THAT(attributes("x-amz-tagging: a=1&b=x+y%26&c")->tags,
              ElementsAre(Pair("a", "1"), Pair("b", "x y&"), Pair("c", "")));
  EXPECT_THAT(attributes("x-amz-tagging:")->tags, IsEmpty());
  EXPECT_EQ(error_name(attributes("x-amz-tagging: a=1&a=2")), "InvalidTag");
  EXPECT_EQ(error_name(attributes("x-amz-tagging: =1")), "InvalidTag");
  EXPECT_EQ(error_name(attributes("x-amz-tagging: aws:x=1")), "InvalidTag");
  EXPECT_EQ(error_name(attributes("x-amz-tagging: a=%ff")), "InvalidTag");
  EXPECT_EQ(error_name(attributes("x-amz-tagging: a=%f")), "InvalidArgument");
  EXPECT_EQ(error_name(attributes("x-amz-tagging: " + std::string(129, 'k') + "=1")), "InvalidTag");
  EXPECT_EQ(error_name(attributes("x-amz-tagging: a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1")), "InvalidTag");
}

TEST(ObjectAttributesTest, StorageClasses) {
  EXPECT_EQ(attributes("x-amz-storage-class: STANDARD")->storage_class, "");
  EXPECT_EQ(attributes("x-amz-storage-class: STANDARD_IA")->storage_class, "STANDARD_IA");
  EXPECT_EQ(error_name(attributes("x-amz-storage-class: DEEP_ARCHIVE")), "InvalidStorageClass");
  EXPECT_EQ(error_name(attributes("x-amz-storage-class: standard")), "InvalidStorageClass");
}

std::string policy(std::string header) {
  TestRequest request("PUT /photos/cat\n" + header);
  return error_name(check_supported_headers(request.operation()));
}

TEST(HeaderPolicyTest, WhatIsAskedForIsDoneOrRefused) {
  EXPECT_EQ(policy("x-amz-server-side-encryption: AES256"), "NotImplemented");
  EXPECT_EQ(policy("X-Amz-Server-Side-Encryption-Customer-Algorithm: AES256"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-copy-source-server-side-encryption-customer-key: k"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-object-lock-mode: GOVERNANCE"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-website-redirect-location: /x"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-write-offset-bytes: 0"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-bucket-object-lock-enabled: true"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-bucket-object-lock-enabled: false"), "");
  EXPECT_EQ(policy("x-amz-object-ownership: ObjectWriter"), "NotImplemented");
  EXPECT_EQ(policy("x-amz-object-ownership: BucketOwnerEnforced"), "");
  EXPECT_EQ(policy("x-amz-request-payer: requester"), "");
}

TEST(HeaderPolicyTest, ExpectedOwners) {
  TestRequest request("GET /photos/cat\nx-amz-expected-bucket-owner: alice");
  EXPECT_EQ(error_name(check_expected_owner(request.operation(), "alice")), "");
  EXPECT_EQ(error_name(check_expected_owner(request.operation(), "bob")), "AccessDenied");
  EXPECT_EQ(error_name(check_expected_source_owner(request.operation(), "bob")), "");
}

S3Result<ReadRequest> read(std::string_view lines) {
  TestRequest request(lines);
  return parse_read_request(request.operation(), now);
}

TEST(ReadRequestTest, Parameters) {
  ReadRequest parsed = read(
                           "GET /photos/cat?response-content-type=text/plain&response-expires=soon&versionId=null"
                           "\nRange: bytes=0-1\nx-amz-checksum-mode: enabled")
                           .value();
  EXPECT_THAT(parsed.overrides, ElementsAre(Pair("content-type", "text/plain"), Pair("expires", "soon")));
  EXPECT_EQ(parsed.range, "bytes=0-1");
  EXPECT_TRUE(parsed.with_checksums);
  EXPECT_EQ(read("GET /photos/cat?partNumber=3")->part_number, 3U);
}

TEST(ReadRequestTest, OverridesCannotInjectHeaders) {
  for (std::string_view value : {"a%0d%0aX-Evil:%201", "a%0a", "a%0db", "a%00b", "a%7f"}) {
    EXPECT_EQ(error_name(read("GET /photos/cat?response-content-type=" + std::string(value))), "InvalidArgument")
        << value;
  }
}

TEST(ReadRequestTest, Refusals) {
  EXPECT_EQ(error_name(read("GET /photos/cat?partNumber=0")), "InvalidArgument");
  EXPECT_EQ(error_name(read("GET /photos/cat?partNumber=10001")), "InvalidArgument");
  EXPECT_EQ(error_name(read("GET /photos/cat?partNumber=-1")), "InvalidArgument");
  EXPECT_EQ(error_name(read("GET /photos/cat?partNumber=")), "InvalidArgument");
  EXPECT_EQ(error_name(read("GET /photos/cat?partNumber=1\nRange: bytes=0-1")), "InvalidRequest");
  EXPECT_EQ(error_name(read("GET /photos/cat?versionId=3HL4kqtJlcpXroDTDmJ")), "NoSuchVersion");
  EXPECT_EQ(error_name(read("GET /photos/cat?versionId=")), "InvalidArgument");
  EXPECT_EQ(error_name(read("GET /photos/cat\nx-amz-server-side-encryption-customer-key: k")), "NotImplemented");
}

std::string extent(const ReadRequest& request, const ObjectInfo& object) {
  S3Result<std::optional<ByteRange>> range = resolve_read(request, object);
  if (!range) return error_name(range);
  return *range ? content_range(**range, object.size) : "whole";
}

ReadRequest part_read(std::uint32_t number) {
  ReadRequest request;
  request.part_number = number;
  return request;
}

ReadRequest range_read(std::string range, std::optional<std::string> if_range = std::nullopt) {
  ReadRequest request;
  request.range = std::move(range);
  request.if_range = std::move(if_range);
  return request;
}

PartInfo part(std::uint32_t number, std::uint64_t size) {
  PartInfo info;
  info.number = number;
  info.size = size;
  return info;
}

TEST(ReadRequestTest, PartsOfAnObject) {
  ObjectInfo object;
  object.size = 12;
  object.parts = {part(1, 5), part(3, 6), part(7, 1)};
  EXPECT_EQ(extent(part_read(1), object), "bytes 0-4/12");
  EXPECT_EQ(extent(part_read(3), object), "bytes 5-10/12");
  EXPECT_EQ(extent(part_read(7), object), "bytes 11-11/12");
  EXPECT_EQ(extent(part_read(2), object), "InvalidPart");
  object.parts.clear();
  EXPECT_EQ(extent(part_read(1), object), "bytes 0-11/12");
  EXPECT_EQ(extent(part_read(2), object), "InvalidPart");
  object.size = 0;
  EXPECT_EQ(extent(part_read(1), object), "whole");
}

TEST(ReadRequestTest, IfRangeTurnsTheRangeOff) {
  ObjectInfo object;
  object.size = 12;
  object.etag = "abc";
  EXPECT_EQ(extent(range_read("bytes=1-2"), object), "bytes 1-2/12");
  EXPECT_EQ(extent(range_read("bytes=1-2", "\"abc\""), object), "bytes 1-2/12");
  EXPECT_EQ(extent(range_read("bytes=1-2", "\"old\""), object), "whole");
  EXPECT_EQ(extent(range_read("bytes=12-"), object), "InvalidRange");
}

/// "bucket|key", or the name of the error.
std::string source(std::string_view header) {
  S3Result<ObjectKey> key = parse_copy_source(header);
  return key ? key->bucket + "|" + key->name : error_name(key);
}

TEST(CopySourceTest, IsDecodedOnce) {
  EXPECT_EQ(source("photos/cat"), "photos|cat");
  EXPECT_EQ(source("/photos/a/b%20c%2Bd+e"), "photos|a/b c+d+e");
  EXPECT_EQ(source("photos%2Fcat"), "photos|cat");
  EXPECT_EQ(source("/photos//cat"), "photos|/cat");
  EXPECT_EQ(source("/photos/%2525"), "photos|%25");
  EXPECT_EQ(source("/photos/%3FversionId"), "photos|?versionId");
  EXPECT_EQ(source("/photos/cat?versionId=null"), "photos|cat");
  EXPECT_EQ(source("/photos/../secret/key"), "photos|../secret/key");
}

TEST(CopySourceTest, OddOnesAreRefused) {
  for (std::string_view header : {"",
                                  "/",
                                  "//",
                                  "photos",
                                  "/photos",
                                  "/photos/",
                                  "//photos/cat",
                                  "/../photos/cat",
                                  "/%2e%2e/photos",
                                  "?",
                                  "/photos/cat?",
                                  "/photos/cat?versionId=",
                                  "/photos/cat?acl",
                                  "/photos/cat?versionId=null&x=1",
                                  "/photos/ca%00t",
                                  "/photos/%ff",
                                  "/photos/%C0%AF",
                                  "/photos/%4",
                                  "/Photos/cat",
                                  "null",
                                  "http://photos/cat",
                                  "arn:aws:s3:us-east-1:1:accesspoint/x/object/y"}) {
    EXPECT_EQ(source(header), "InvalidArgument") << header;
  }
  EXPECT_EQ(source("/photos/cat?versionId=3HL4"), "NoSuchVersion");
  EXPECT_EQ(source("/photos/" + std::string(1025, 'k')), "KeyTooLongError");
}

S3Result<CopyRequest> copy(std::string headers) {
  TestRequest request("PUT /photos/cat\n" + headers);
  return parse_copy_request(request.operation(), now);
}

TEST(CopyRequestTest, TakesOverWhatItDoesNotReplace) {
  ObjectInfo original;
  original.size = 5;
  original.etag = "abc";
  original.headers = {{"content-type", "a/b"}};
  original.user_metadata = {{"color", "red"}};
  original.tags = {{"t", "1"}};
  original.storage_class = "STANDARD_IA";
  constexpr auto headers = "x-amz-copy-source: /other/dog\nContent-Type: c/d\nx-amz-meta-n: 2\nx-amz-tagging: u=2";

  ObjectInfo same = attributes_of_copy(copy(headers).value(), original);
  EXPECT_EQ(same.headers, original.headers);
  EXPECT_EQ(same.user_metadata, original.user_metadata);
  EXPECT_EQ(same.tags, original.tags);
  EXPECT_EQ(same.storage_class, "");

  std::string replacing =
      std::string(headers) + "\nx-amz-metadata-directive: REPLACE\nx-amz-tagging-directive: REPLACE";
  ObjectInfo other = attributes_of_copy(copy(replacing).value(), original);
  EXPECT_THAT(other.headers, ElementsAre(Pair("content-type", "c/d")));
  EXPECT_THAT(other.user_metadata, ElementsAre(Pair("n", "2")));
  EXPECT_THAT(other.tags, ElementsAre(Pair("u", "2")));
}

TEST(CopyRequestTest, Refusals) {
  EXPECT_EQ(error_name(copy("x-amz-copy-source:")), "InvalidArgument");
  EXPECT_EQ(error_name(copy("x-amz-copy-source: /photos/cat")), "InvalidRequest");
  EXPECT_EQ(error_name(copy("x-amz-copy-source: /photos/cat\nx-amz-metadata-directive: REPLACE")), "");
  EXPECT_EQ(error_name(copy("x-amz-copy-source: /photos/cat\nx-amz-storage-class: STANDARD")), "");
  EXPECT_EQ(error_name(copy("x-amz-copy-source: /a12/b\nx-amz-metadata-directive: MERGE")), "InvalidArgument");
  EXPECT_EQ(error_name(copy("x-amz-copy-source: /a12/b\nx-amz-checksum-algorithm: MD4")), "InvalidRequest");
  EXPECT_EQ(copy("x-amz-copy-source: /a12/b\nx-amz-checksum-algorithm: SHA256")->checksum_algorithm,
            ChecksumAlgorithm::sha256);
}

}  // namespace
}  // namespace shoal::s3
