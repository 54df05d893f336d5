#include "shoal/s3/operation_request.h"

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

/// The request line and headers that reach a route.
std::string lines_for(const Route& route) {
  std::string path = route.resource == Resource::service  ? "/"
                     : route.resource == Resource::bucket ? "/photos"
                                                          : "/photos/cat";
  std::string lines = std::string(route.method) + " " + path;
  if (!route.sub_resource.empty()) lines += "?" + std::string(route.sub_resource);
  if (route.sub_resource == "list-type") lines += "=2";
  if (!route.header.empty()) lines += "\n" + std::string(route.header) + ": /other/dog";
  return lines;
}

/// "GetObject photos cat", or the name of the error.
std::string outcome(std::string_view lines, const AddressingOptions& options = {}) {
  TestRequest request(lines);
  S3Result<OperationRequest> parsed = request.parse(options);
  if (!parsed) return error_name(parsed);
  std::string text(to_string(parsed->operation));
  for (const std::string& name : {parsed->bucket, parsed->key}) {
    if (!name.empty()) text += " " + name;
  }
  return text;
}

TEST(OperationTest, EveryRouteIsReachedByItsRequest) {
  for (const Route& route : routes()) {
    TestRequest request(lines_for(route));
    S3Result<OperationRequest> parsed = request.parse();
    ASSERT_TRUE(parsed.has_value()) << route.name;
    EXPECT_EQ(parsed->operation, route.operation) << route.name;
    EXPECT_EQ(to_string(parsed->operation), route.name);
  }
}

TEST(OperationTest, NoTwoRoutesAreReachedByOneRequest) {
  std::set<std::tuple<std::string_view, Resource, std::string_view, std::string_view>> seen;
  for (const Route& route : routes()) {
    EXPECT_TRUE(seen.insert({route.method, route.resource, route.sub_resource, route.header}).second) << route.name;
  }
}

TEST(OperationTest, MethodsSayWhetherTheyWrite) {
  for (const Route& route : routes()) {
    bool method_reads = route.method == "GET" || route.method == "HEAD" || route.method == "OPTIONS";
    // A POST may do either: SelectObjectContent reads.
    if (route.method != "POST") {
      EXPECT_EQ(route.writes, !method_reads) << route.name;
    }
  }
}

TEST(OperationRequestTest, PathsNameBucketAndKey) {
  EXPECT_EQ(outcome("GET /"), "ListBuckets");
  EXPECT_EQ(outcome("GET /?x-id=ListBuckets"), "ListBuckets");
  EXPECT_EQ(outcome("GET /photos"), "ListObjects photos");
  EXPECT_EQ(outcome("GET /photos/"), "ListObjects photos");
  EXPECT_EQ(outcome("GET /photos/?list-type=2&prefix=a"), "ListObjectsV2 photos");
  EXPECT_EQ(outcome("PUT /photos"), "CreateBucket photos");
  EXPECT_EQ(outcome("GET /photos/2024/cat.png"), "GetObject photos 2024/cat.png");
  EXPECT_EQ(outcome("PUT /photos/cat?partNumber=1&uploadId=u"), "UploadPart photos cat");
}

TEST(OperationRequestTest, KeysAreDecodedOnceAndNeverNormalised) {
  EXPECT_EQ(outcome("GET /photos//a//b/"), "GetObject photos /a//b/");
  EXPECT_EQ(outcome("GET /photos/../etc/passwd"), "GetObject photos ../etc/passwd");
  EXPECT_EQ(outcome("GET /photos/%2e%2e%2fetc"), "GetObject photos ../etc");
  EXPECT_EQ(outcome("GET /photos/%252e%252e"), "GetObject photos %2e%2e");
  EXPECT_EQ(outcome("GET /photos/a+b%2Bc%20d"), "GetObject photos a+b+c d");
  EXPECT_EQ(outcome("GET /photos/%E2%82%AC"), "GetObject photos \xE2\x82\xAC");
  EXPECT_EQ(outcome("GET /photos/%2F"), "GetObject photos /");
}

TEST(OperationRequestTest, NamesThatAreNoneAreRefused) {
  EXPECT_EQ(outcome("GET /photos/%00"), "InvalidURI");
  EXPECT_EQ(outcome("GET /photos/%C0%AF"), "InvalidURI");  // an overlong slash
  EXPECT_EQ(outcome("GET /photos/%ff"), "InvalidURI");
  EXPECT_EQ(outcome("GET /photos/%4"), "InvalidURI");
  EXPECT_EQ(outcome("GET /photos/" + std::string(1024, 'k')), "GetObject photos " + std::string(1024, 'k'));
  EXPECT_EQ(outcome("GET /photos/" + std::string(1025, 'k')), "KeyTooLongError");
  EXPECT_EQ(outcome("GET //key"), "InvalidBucketName");
  EXPECT_EQ(outcome("GET /../key"), "InvalidBucketName");
  EXPECT_EQ(outcome("GET /%2e%2e/key"), "InvalidBucketName");
  EXPECT_EQ(outcome("GET /a%2Fb/key"), "InvalidBucketName");
  EXPECT_EQ(outcome("GET /bucket%00/key"), "InvalidBucketName");
  EXPECT_EQ(outcome("GET /Photos/key"), "InvalidBucketName");
  EXPECT_EQ(outcome("PUT /192.168.5.123"), "InvalidBucketName");
}

TEST(OperationRequestTest, HostsBelowABaseDomainNameTheBucket) {
  AddressingOptions options{.base_domains = {"s3.example.org"}};
  EXPECT_EQ(outcome("GET /cat/dog\nHost: photos.s3.example.org:9000", options), "GetObject photos cat/dog");
  EXPECT_EQ(outcome("GET /\nHost: my.photos.S3.Example.Org", options), "ListObjects my.photos");
  EXPECT_EQ(outcome("GET //cat\nHost: photos.s3.example.org", options), "GetObject photos /cat");
  EXPECT_EQ(outcome("GET /photos/cat\nHost: s3.example.org", options), "GetObject photos cat");
  EXPECT_EQ(outcome("GET /photos/cat\nHost: photoss3.example.org", options), "GetObject photos cat");
  EXPECT_EQ(outcome("GET /photos/cat\nHost: [::1]:9000", options), "GetObject photos cat");
  EXPECT_EQ(outcome("GET /photos/cat\nHost: 127.0.0.1", options), "GetObject photos cat");
  EXPECT_EQ(outcome("GET /cat\nHost: _.s3.example.org", options), "InvalidBucketName");
}

TEST(OperationRequestTest, SubResourcesAreNeverIgnored) {
  EXPECT_EQ(outcome("PUT /photos/cat?retention"), "PutObjectRetention photos cat");
  EXPECT_EQ(outcome("DELETE /photos?policy"), "DeleteBucketPolicy photos");
  EXPECT_EQ(outcome("DELETE /photos/cat?acl"), "MethodNotAllowed");
  EXPECT_EQ(outcome("PUT /photos/cat?uploads"), "MethodNotAllowed");
  EXPECT_EQ(outcome("GET /?location"), "MethodNotAllowed");
  EXPECT_EQ(outcome("GET /photos?acl&policy"), "InvalidRequest");
  EXPECT_EQ(outcome("GET /photos?versions&list-type=2"), "InvalidRequest");
  EXPECT_EQ(outcome("GET /photos?list-type=3"), "InvalidArgument");
  EXPECT_EQ(outcome("PUT /photos/cat?partNumber=1"), "InvalidArgument");
  EXPECT_EQ(outcome("PUT /photos/cat?versionId=v"), "InvalidArgument");
  EXPECT_EQ(outcome("PATCH /photos/cat"), "MethodNotAllowed");
  EXPECT_EQ(outcome("get /photos/cat"), "MethodNotAllowed");
}

TEST(OperationRequestTest, QueriesAreDecodedAsFormsAre) {
  TestRequest request("GET /photos?prefix=a+b%2Bc&delimiter=&Prefix=&%6Darker=m");
  OperationRequest parsed = request.operation();
  EXPECT_EQ(parsed.parameter("prefix"), "a b+c");
  EXPECT_EQ(parsed.parameter("delimiter"), "");
  EXPECT_EQ(parsed.parameter("marker"), "m");
  EXPECT_EQ(parsed.parameter("max-keys"), std::nullopt);
}

TEST(OperationRequestTest, AmbiguityIsRefused) {
  EXPECT_EQ(outcome("GET /photos?prefix=a&prefix=b"), "InvalidArgument");
  EXPECT_EQ(outcome("GET /photos?prefix=a&prefi%78=a"), "InvalidArgument");
  EXPECT_EQ(outcome("GET /photos?prefix=%zz"), "InvalidURI");
  EXPECT_EQ(outcome("PUT /photos/cat\nx-amz-copy-source: /a/b\nX-Amz-Copy-Source: /c/d"), "InvalidArgument");
  EXPECT_EQ(outcome("GET /photos/cat\nRange: bytes=0-1\nRange: bytes=2-3"), "InvalidArgument");
  EXPECT_EQ(outcome("PUT /photos/cat\nx-amz-meta-a: 1\nx-amz-meta-a: 2"), "PutObject photos cat");
  std::string many = "GET /photos?";
  for (int i = 0; i < 100; ++i) many += "p" + std::to_string(i) + "&";
  EXPECT_EQ(outcome(many), "InvalidURI");
}

TEST(OperationRequestTest, AnEmptyCopySourceStillMeansACopy) {
  EXPECT_EQ(outcome("PUT /photos/cat\nx-amz-copy-source:"), "CopyObject photos cat");
  EXPECT_EQ(outcome("PUT /photos/cat?uploadId=u&partNumber=1\nx-amz-copy-source: /a/b"), "UploadPartCopy photos cat");
}

}  // namespace
}  // namespace shoal::s3
