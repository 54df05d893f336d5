#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/error_document.h"
#include "shoal/s3/multipart_documents.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr WallTime time_of_all{1'700'000'000'000ms};
constexpr auto shown_time = "<LastModified>2023-11-14T22:13:20.000Z</LastModified>";

TEST(ErrorDocumentTest, TellsTheCodeAndTheRequest) {
  S3Error error(S3ErrorCode::no_such_key, "No <key>.");
  EXPECT_THAT(error_document(error, {"/photos/a&b", "photos", "a&b", "R1", "H1"}),
              EndsWith("<Error><Code>NoSuchKey</Code><Message>No &lt;key&gt;.</Message><BucketName>photos</BucketName>"
                       "<Key>a&amp;b</Key><Resource>/photos/a&amp;b</Resource><RequestId>R1</RequestId>"
                       "<HostId>H1</HostId></Error>"));
}

TEST(ObjectDocumentsTest, Copies) {
  ObjectInfo object;
  object.etag = "abc";
  object.last_modified = time_of_all;
  object.checksums = {{ChecksumAlgorithm::crc32, ChecksumType::full_object, "v"}};
  EXPECT_THAT(copy_object_document(object),
              HasSubstr(std::string(shown_time) + "<ETag>&quot;abc&quot;</ETag><ChecksumCRC32>v</ChecksumCRC32>"
                                                  "<ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>"));
  PartInfo part;
  part.etag = "abc";
  part.last_modified = time_of_all;
  EXPECT_THAT(copy_part_document(part),
              HasSubstr(std::string(shown_time) + "<ETag>&quot;abc&quot;</ETag></CopyPartResult>"));
}

TEST(ObjectDocumentsTest, Deletions) {
  std::vector<DeleteOutcome> outcomes = {{{"a&b", "null", {}}, std::nullopt},
                                         {{"c", {}, {}}, S3Error(S3ErrorCode::access_denied, "No.")}};
  std::string all = delete_result_document(outcomes, /*quiet=*/false);
  EXPECT_THAT(all, HasSubstr("<Deleted><Key>a&amp;b</Key><VersionId>null</VersionId></Deleted>"));
  std::string failures = "<Error><Key>c</Key><Code>AccessDenied</Code><Message>No.</Message></Error></DeleteResult>";
  EXPECT_THAT(all, EndsWith(failures));
  std::string quiet = delete_result_document(outcomes, /*quiet=*/true);
  EXPECT_THAT(quiet, EndsWith(failures));
  EXPECT_THAT(quiet, Not(HasSubstr("Deleted")));
}

TEST(ObjectDocumentsTest, TagsAreReadBackAsTheyWereWritten) {
  Tags tags = {{"a", "1"}, {"b&", ""}, {"c", " <x> "}};
  EXPECT_EQ(parse_tagging(tagging_document(tags)).value(), tags);
}

S3Result<AttributesQuery> attributes_query(std::string headers) {
  TestRequest request("GET /photos/cat?attributes\n" + headers);
  return parse_attributes_query(request.operation());
}

TEST(ObjectAttributesDocumentTest, OnlyWhatIsAskedFor) {
  ObjectInfo object;
  object.size = 7;
  object.etag = "abc-2";
  object.checksums = {{ChecksumAlgorithm::sha256, ChecksumType::composite, "v-2"}};
  object.parts.resize(2);
  object.parts[0].number = 1;
  object.parts[0].size = 5;
  object.parts[1].number = 2;
  object.parts[1].size = 2;
  auto document = [&](std::string headers) {
    std::string text = attributes_document(attributes_query(headers).value(), object);
    std::size_t begin = text.find('>', text.find("<GetObject")) + 1;
    return text.substr(begin, text.rfind("</") - begin);
  };
  EXPECT_EQ(document("x-amz-object-attributes: ETag,ObjectSize"), "<ETag>abc-2</ETag><ObjectSize>7</ObjectSize>");
  EXPECT_EQ(document("x-amz-object-attributes: Checksum, StorageClass"),
            "<Checksum><ChecksumSHA256>v-2</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType></Checksum>"
            "<StorageClass>STANDARD</StorageClass>");
  EXPECT_EQ(document("x-amz-object-attributes: ObjectParts\nx-amz-max-parts: 1"),
            "<ObjectParts><PartsCount>2</PartsCount><PartNumberMarker>0</PartNumberMarker>"
            "<NextPartNumberMarker>1</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated>"
            "<Part><PartNumber>1</PartNumber><Size>5</Size></Part></ObjectParts>");
}

TEST(ObjectAttributesDocumentTest, Refusals) {
  EXPECT_EQ(error_name(attributes_query("x-amz-object-attributes:")), "InvalidArgument");
  EXPECT_EQ(error_name(attributes_query("x-amz-object-attributes: ETag,Color")), "InvalidArgument");
  EXPECT_EQ(error_name(attributes_query("x-amz-object-attributes: ETag\nx-amz-max-parts: -1")), "InvalidArgument");
}

TEST(MultipartDocumentsTest, BeginAndEnd) {
  EXPECT_THAT(initiated_document({{"photos", "a b"}, "u1"}),
              HasSubstr("<Bucket>photos</Bucket><Key>a b</Key><UploadId>u1</UploadId>"));
  ObjectInfo object;
  object.etag = "abc-1";
  EXPECT_THAT(completed_document({"photos", "cat"}, object, "http://h/photos/cat"),
              HasSubstr("<Location>http://h/photos/cat</Location><Bucket>photos</Bucket><Key>cat</Key>"
                        "<ETag>&quot;abc-1&quot;</ETag>"));
}

/// The numbers of the parts on a page, then ">" and where the next begins, if there is one.
std::string parts_page(std::string parameters) {
  TestRequest request("GET /photos/cat?uploadId=u&" + parameters);
  S3Result<ListPartsQuery> query = parse_list_parts_query(request.operation());
  if (!query) return error_name(query);
  std::vector<PartInfo> parts(3);
  parts[0].number = 1;
  parts[1].number = 4;
  parts[2].number = 9;
  std::string xml = list_parts_document(*query, UploadInfo{}, parts);
  std::string seen;
  for (const PartInfo& part : parts) {
    std::string number = std::to_string(part.number);
    if (xml.contains("<PartNumber>" + number + "<")) seen += number + " ";
    bool next = xml.contains("<IsTruncated>true") && xml.contains("<NextPartNumberMarker>" + number + "<");
    if (next) seen += ">" + number;
  }
  return seen;
}

TEST(MultipartDocumentsTest, PartsInPages) {
  EXPECT_EQ(parts_page(""), "1 4 9 ");
  EXPECT_EQ(parts_page("max-parts=2"), "1 4 >4");
  EXPECT_EQ(parts_page("max-parts=2&part-number-marker=4"), "9 ");
  EXPECT_EQ(parts_page("part-number-marker=9"), "");
  EXPECT_EQ(parts_page("max-parts=0"), "");
  EXPECT_EQ(parts_page("max-parts=-1"), "InvalidArgument");
  EXPECT_EQ(parts_page("part-number-marker=x"), "InvalidArgument");
}

/// Uploads and prefixes on a page, then ">" and the markers of the next, if there is one.
std::string uploads_page(std::string parameters) {
  TestRequest request("GET /photos?uploads&" + parameters);
  S3Result<ListUploadsQuery> query = parse_list_uploads_query(request.operation());
  if (!query) return error_name(query);
  std::vector<UploadInfo> uploads;
  for (auto [key, id] : {std::pair{"a", "u9"}, {"a", "u1"}, {"d/x", "u2"}, {"d/y", "u3"}, {"e", "u4"}}) {
    UploadInfo upload;
    upload.key = {"photos", key};
    upload.id = id;
    uploads.push_back(std::move(upload));
  }
  std::string xml = list_uploads_document(*query, uploads);
  std::string seen;
  for (const UploadInfo& upload : uploads) {
    if (xml.contains("<UploadId>" + upload.id + "<")) seen += upload.id + " ";
  }
  if (xml.contains("<CommonPrefixes><Prefix>d/<")) seen += "d/ ";
  for (std::string tag : {"NextKeyMarker", "NextUploadIdMarker"}) {
    std::size_t at = xml.find("<" + tag + ">");
    if (at == std::string::npos) continue;
    std::size_t begin = at + tag.size() + 2;
    seen += ">" + xml.substr(begin, xml.find('<', begin) - begin);
  }
  return seen;
}

TEST(MultipartDocumentsTest, UploadsInPages) {
  EXPECT_EQ(uploads_page(""), "u9 u1 u2 u3 u4 ");
  EXPECT_EQ(uploads_page("max-uploads=1"), "u9 >a>u9");
  EXPECT_EQ(uploads_page("max-uploads=1&key-marker=a&upload-id-marker=u9"), "u1 >a>u1");
  EXPECT_EQ(uploads_page("key-marker=a"), "u2 u3 u4 ");
  EXPECT_EQ(uploads_page("key-marker=b"), "u2 u3 u4 ");
  EXPECT_EQ(uploads_page("key-marker=a&upload-id-marker=gone"), "u9 u1 u2 u3 u4 ");
  EXPECT_EQ(uploads_page("prefix=d/"), "u2 u3 ");
  EXPECT_EQ(uploads_page("max-uploads=0"), "");
  EXPECT_EQ(uploads_page("max-uploads=2147483648"), "InvalidArgument");
}

TEST(MultipartDocumentsTest, UploadsRolledUpToPrefixes) {
  EXPECT_EQ(uploads_page("delimiter=/"), "u9 u1 u4 d/ ");
  EXPECT_EQ(uploads_page("delimiter=/&max-uploads=3"), "u9 u1 d/ >d/>");
  EXPECT_EQ(uploads_page("delimiter=/&key-marker=d/"), "u4 ");
}

}  // namespace
}  // namespace shoal::s3
