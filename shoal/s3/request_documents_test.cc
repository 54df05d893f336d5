#include "shoal/s3/request_documents.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::string delete_document(int objects) {
  std::string xml = "<Delete>";
  for (int i = 0; i < objects; ++i) xml += "<Object><Key>k" + std::to_string(i) + "</Key></Object>";
  return xml + "</Delete>";
}

TEST(DeleteObjectsTest, KeysAreExactlyWhatIsWritten) {
  DeleteObjectsDocument parsed =
      parse_delete_objects(
          "<?xml version=\"1.0\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          "<Object><Key>a&amp;b</Key></Object>\n<Object><Key> </Key><VersionId>null</VersionId></Object>"
          "<Object><Key>../x//</Key><ETag>\"abc\"</ETag></Object><Quiet>true</Quiet></Delete>")
          .value();
  ASSERT_EQ(parsed.objects.size(), 3U);
  EXPECT_EQ(parsed.objects[0].key, "a&b");
  EXPECT_EQ(parsed.objects[0].version_id, std::nullopt);
  EXPECT_EQ(parsed.objects[1].key, " ");
  EXPECT_EQ(parsed.objects[1].version_id, "null");
  EXPECT_EQ(parsed.objects[2].key, "../x//");
  EXPECT_EQ(parsed.objects[2].condition.if_match, "abc");
  EXPECT_TRUE(parsed.quiet);
}

TEST(DeleteObjectsTest, Limits) {
  EXPECT_EQ(parse_delete_objects(delete_document(1000))->objects.size(), 1000U);
  EXPECT_EQ(error_name(parse_delete_objects(delete_document(1001))), "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects(delete_document(100'000))), "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects(delete_document(0))), "MalformedXML");
  std::string longest(1024, 'k');
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object><Key>" + longest + "</Key></Object></Delete>")), "");
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object><Key>" + longest + "k</Key></Object></Delete>")),
            "KeyTooLongError");
}

TEST(DeleteObjectsTest, Refusals) {
  EXPECT_EQ(error_name(parse_delete_objects("")), "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects("<Remove/>")), "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object/></Delete>")), "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object><Key></Key></Object></Delete>")), "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object><Key>a</Key><If>x</If></Object></Delete>")),
            "MalformedXML");
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object><Key>a</Key><Size>1</Size></Object></Delete>")),
            "NotImplemented");
  EXPECT_EQ(error_name(parse_delete_objects("<Delete><Object><Key>a&#0;b</Key></Object></Delete>")), "MalformedXML");
}

std::string completion(int parts) {
  std::string xml = "<CompleteMultipartUpload>";
  for (int i = 1; i <= parts; ++i) {
    xml += "<Part><PartNumber>" + std::to_string((i - 1) % 10'000 + 1) + "</PartNumber><ETag>&quot;abc&quot;</ETag>" +
           "<ChecksumSHA256>arcu6553sHVAiX4MjW0j7I7vD4w6R+Gz9Ok0Q9lTa+0=</ChecksumSHA256></Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

TEST(CompletionDocumentTest, Parts) {
  std::vector<CompletedPart> parts = parse_complete_multipart_upload(completion(2)).value();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[1].number, 2U);
  EXPECT_EQ(parts[1].etag, "abc");
  EXPECT_THAT(parts[1].checksums,
              ElementsAre(Pair(ChecksumAlgorithm::sha256, "arcu6553sHVAiX4MjW0j7I7vD4w6R+Gz9Ok0Q9lTa+0=")));
}

TEST(CompletionDocumentTest, LimitsAndRefusals) {
  EXPECT_EQ(parse_complete_multipart_upload(completion(10'000))->size(), 10'000U);
  EXPECT_EQ(error_name(parse_complete_multipart_upload(completion(10'001))), "MalformedXML");
  EXPECT_EQ(error_name(parse_complete_multipart_upload(completion(0))), "MalformedXML");
  EXPECT_EQ(error_name(parse_complete_multipart_upload("")), "MalformedXML");
  auto part = [](std::string fields) {
    return error_name(parse_complete_multipart_upload("<CompleteMultipartUpload><Part>" + fields +
                                                      "</Part></CompleteMultipartUpload>"));
  };
  EXPECT_EQ(part("<PartNumber>1</PartNumber><ETag>a</ETag>"), "");
  EXPECT_EQ(part("<PartNumber>0</PartNumber><ETag>a</ETag>"), "InvalidArgument");
  EXPECT_EQ(part("<PartNumber>x</PartNumber><ETag>a</ETag>"), "InvalidArgument");
  EXPECT_EQ(part("<PartNumber>1</PartNumber>"), "MalformedXML");
  EXPECT_EQ(part("<ETag>a</ETag>"), "MalformedXML");
  EXPECT_EQ(part("<PartNumber>1</PartNumber><ETag>a</ETag><ChecksumMD4>a</ChecksumMD4>"), "MalformedXML");
}

TEST(CreateBucketConfigurationTest, Location) {
  EXPECT_EQ(parse_create_bucket_configuration("").value(), "");
  EXPECT_EQ(parse_create_bucket_configuration("<CreateBucketConfiguration/>").value(), "");
  EXPECT_EQ(parse_create_bucket_configuration("<CreateBucketConfiguration><LocationConstraint>eu-west-1"
                                              "</LocationConstraint></CreateBucketConfiguration>")
                .value(),
            "eu-west-1");
  EXPECT_EQ(error_name(parse_create_bucket_configuration(
                "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>")),
            "NotImplemented");
  EXPECT_EQ(error_name(parse_create_bucket_configuration("<Tagging/>")), "MalformedXML");
}

TEST(TaggingTest, Tags) {
  auto tagging = [](std::string tags) { return parse_tagging("<Tagging><TagSet>" + tags + "</TagSet></Tagging>"); };
  constexpr auto a = "<Tag><Key>a</Key><Value>1</Value></Tag>";
  EXPECT_THAT(tagging(std::string(a) + "<Tag><Key>b</Key><Value/></Tag>").value(),
              ElementsAre(Pair("a", "1"), Pair("b", "")));
  EXPECT_TRUE(tagging("").value().empty());
  EXPECT_EQ(error_name(tagging(std::string(a) + a)), "InvalidTag");
  EXPECT_EQ(error_name(tagging("<Tag><Key>a</Key></Tag>")), "MalformedXML");
  EXPECT_EQ(error_name(tagging("<Tag><Key>a</Key><Key>b</Key><Value/></Tag>")), "MalformedXML");
  EXPECT_EQ(error_name(parse_tagging("<Tagging/>")), "MalformedXML");
}

}  // namespace
}  // namespace shoal::s3
