#include "shoal/s3/listing.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

S3Result<ListQuery> query(std::string_view parameters) {
  TestRequest request("GET /photos?" + std::string(parameters));
  return parse_list_query(request.operation());
}

ListItem object(std::string_view name) {
  ListItem item;
  item.name = name;
  item.size = 3;
  item.etag = "abc";
  item.last_modified = WallTime{1'700'000'000'000ms};
  item.owner = "alice";
  return item;
}

ListItem prefix(std::string_view name) {
  ListItem item;
  item.name = name;
  item.is_prefix = true;
  return item;
}

ListPage page_of(std::vector<ListItem> items, bool truncated) {
  ListPage page;
  page.items = std::move(items);
  page.truncated = truncated;
  return page;
}

/// The document without its first line and root element.
std::string document(std::string_view parameters, const ListPage& page) {
  std::string text = list_document(query(parameters).value(), page);
  std::size_t begin = text.find("<Name>");
  return text.substr(begin, text.rfind("</") - begin);
}

std::string max_keys(std::string value) {
  S3Result<ListQuery> parsed = query("max-keys=" + value);
  return parsed ? std::to_string(parsed->max_keys) : error_name(parsed);
}

TEST(ListQueryTest, MaxKeys) {
  EXPECT_EQ(query("")->max_keys, 1000U);
  EXPECT_EQ(max_keys(""), "1000");
  EXPECT_EQ(max_keys("0"), "0");
  EXPECT_EQ(max_keys("5"), "5");
  EXPECT_EQ(max_keys("1001"), "1000");
  EXPECT_EQ(max_keys("2147483647"), "1000");
  EXPECT_EQ(max_keys("2147483648"), "InvalidArgument");
  EXPECT_EQ(max_keys("-1"), "InvalidArgument");
  EXPECT_EQ(max_keys("blah"), "InvalidArgument");
  EXPECT_EQ(max_keys("99999999999999999999"), "InvalidArgument");
}

TEST(ListQueryTest, WhereToBegin) {
  EXPECT_EQ(query("marker=m")->after, "m");
  EXPECT_EQ(query("list-type=2&start-after=s")->after, "s");
  EXPECT_EQ(query("list-type=2&start-after=s&continuation-token=")->after, "s");
  EXPECT_EQ(query("list-type=2&start-after=s&continuation-token=" + encode_continuation_token("t"))->after, "t");
  EXPECT_EQ(query("versions&key-marker=k&version-id-marker=null")->after, "k");
  EXPECT_EQ(error_name(query("versions&version-id-marker=null")), "InvalidArgument");
  EXPECT_EQ(error_name(query("list-type=2&continuation-token=x")), "InvalidArgument");
  EXPECT_EQ(error_name(query("encoding-type=base64")), "InvalidArgument");
}

TEST(ListQueryTest, EvenNoItemsAskTheStore) {
  ListRequest request = to_list_request(query("max-keys=0&prefix=p&delimiter=/").value());
  EXPECT_EQ(request.items_max, 1U);
  EXPECT_EQ(request.prefix, "p");
  EXPECT_EQ(request.delimiter, "/");
}

TEST(ContinuationTokenTest, RoundTrips) {
  for (std::string name : {"", "a", "ab", "abc", "a/b c+d?&", "\xE2\x82\xAC", "\xF0\x9F\x90\x9F", "?>?>?>"}) {
    std::string token = encode_continuation_token(name);
    EXPECT_EQ(token.find_first_of("+/=&?"), std::string::npos) << token;
    EXPECT_EQ(decode_continuation_token(token), name);
  }
}

TEST(ContinuationTokenTest, OnlyOurs) {
  for (std::string_view token : {"", "x", "!!!!", "MQ==", "MmE", "MWF", "M f", "Mf8"}) {
    EXPECT_EQ(decode_continuation_token(token), std::nullopt) << token;
  }
}

constexpr auto contents_of_a =
    "<Contents><Key>a</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified><ETag>&quot;abc&quot;</ETag>"
    "<Size>3</Size><Owner><ID>alice</ID><DisplayName>alice</DisplayName></Owner>"
    "<StorageClass>STANDARD</StorageClass></Contents>";

TEST(ListDocumentTest, V1) {
  EXPECT_EQ(document("", page_of({object("a")}, false)),
            std::string("<Name>photos</Name><Prefix></Prefix><Marker></Marker><MaxKeys>1000</MaxKeys>"
                        "<IsTruncated>false</IsTruncated>") +
                contents_of_a);
}

TEST(ListDocumentTest, V1HasANextMarkerOnlyWithADelimiter) {
  ListPage page = page_of({object("a"), prefix("b/")}, true);
  EXPECT_THAT(document("max-keys=2", page), Not(HasSubstr("NextMarker")));
  EXPECT_THAT(document("max-keys=2&delimiter=/", page), HasSubstr("<NextMarker>b/</NextMarker>"));
  page.truncated = false;
  EXPECT_THAT(document("max-keys=2&delimiter=/", page), Not(HasSubstr("NextMarker")));
}

TEST(ListDocumentTest, V2) {
  ListPage page = page_of({object("a"), prefix("b/")}, true);
  std::string text = document("list-type=2&max-keys=2&delimiter=/&start-after=A&continuation-token=", page);
  EXPECT_THAT(text, HasSubstr("<Delimiter>/</Delimiter><ContinuationToken></ContinuationToken>"
                              "<StartAfter>A</StartAfter><NextContinuationToken>" +
                              encode_continuation_token("b/") +
                              "</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys>"
                              "<IsTruncated>true</IsTruncated><Contents><Key>a</Key>"));
  EXPECT_THAT(text, HasSubstr("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"));
  EXPECT_THAT(text, Not(HasSubstr("Owner")));
  EXPECT_THAT(document("list-type=2&fetch-owner=true", page), HasSubstr("<Owner><ID>alice</ID>"));
}

TEST(ListDocumentTest, VersionsAreTheObjectsThemselves) {
  std::string text = document("versions&delimiter=/&max-keys=1", page_of({object("a"), object("b")}, true));
  EXPECT_THAT(text, HasSubstr("<NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>"));
  EXPECT_THAT(text, HasSubstr("<Version><Key>a</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"));
  EXPECT_THAT(text, Not(HasSubstr("<Key>b</Key>")));
}

TEST(ListDocumentTest, NoKeysAskedForIsNeverTruncated) {
  std::string text = document("list-type=2&max-keys=0", page_of({object("a")}, true));
  EXPECT_THAT(text, HasSubstr("<KeyCount>0</KeyCount><MaxKeys>0</MaxKeys><IsTruncated>false</IsTruncated>"));
  EXPECT_THAT(text, Not(HasSubstr("<Key>")));
}

TEST(ListDocumentTest, NamesAreEncodedOnRequest) {
  ListPage page = page_of({object("asdf+b"), object("a&\n"), prefix("quux ab/")}, true);
  std::string plain = document("marker=m+m&delimiter=/", page);
  EXPECT_THAT(plain, HasSubstr("<Key>a&amp;\n</Key>"));
  EXPECT_THAT(plain, HasSubstr("<Marker>m m</Marker><NextMarker>quux ab/</NextMarker>"));
  std::string encoded = document("marker=m+m&delimiter=/&encoding-type=url", page);
  EXPECT_THAT(encoded, HasSubstr("<EncodingType>url</EncodingType>"));
  EXPECT_THAT(encoded, HasSubstr("<Key>asdf%2Bb</Key>"));
  EXPECT_THAT(encoded, HasSubstr("<Key>a%26%0A</Key>"));
  EXPECT_THAT(encoded, HasSubstr("<Prefix>quux%20ab/</Prefix>"));
  EXPECT_THAT(encoded, HasSubstr("<Marker>m%20m</Marker><NextMarker>quux%20ab/</NextMarker>"));
}

}  // namespace
}  // namespace shoal::s3
