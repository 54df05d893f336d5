#include "shoal/s3/bucket_documents.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/listing.h"
#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

S3Result<ListBucketsQuery> query(std::string parameters) {
  TestRequest request("GET /?" + parameters);
  return parse_list_buckets_query(request.operation());
}

/// The names in the answer, then ">" and the name to go on behind, if there is more.
std::string listed(std::string parameters) {
  std::vector<BucketInfo> buckets(3);
  buckets[0].name = "ants";
  buckets[1].name = "bees";
  buckets[2].name = "bugs";
  std::string xml = list_buckets_document(query(parameters).value(), buckets, "alice");
  std::string names;
  for (std::size_t at = xml.find("<Name>"); at != std::string::npos; at = xml.find("<Name>", at + 1)) {
    names += xml.substr(at + 6, 4) + " ";
  }
  for (const BucketInfo& bucket : buckets) {
    std::string token = "<ContinuationToken>" + encode_continuation_token(bucket.name) + "<";
    if (xml.contains(token)) names += ">" + bucket.name;
  }
  return names;
}

TEST(ListBucketsTest, AllOrAPage) {
  EXPECT_EQ(listed(""), "ants bees bugs ");
  EXPECT_EQ(listed("max-buckets=3"), "ants bees bugs ");
  EXPECT_EQ(listed("max-buckets=1"), "ants >ants");
  EXPECT_EQ(listed("max-buckets=1&continuation-token=" + encode_continuation_token("ants")), "bees >bees");
  EXPECT_EQ(listed("max-buckets=1&continuation-token=" + encode_continuation_token("bees")), "bugs ");
  EXPECT_EQ(listed("prefix=b"), "bees bugs ");
  EXPECT_EQ(listed("prefix=x"), "");
}

TEST(ListBucketsTest, Refusals) {
  EXPECT_EQ(error_name(query("max-buckets=0")), "InvalidArgument");
  EXPECT_EQ(error_name(query("max-buckets=10001")), "InvalidArgument");
  EXPECT_EQ(error_name(query("max-buckets=many")), "InvalidArgument");
  EXPECT_EQ(error_name(query("continuation-token=x")), "InvalidArgument");
}

TEST(BucketDocumentsTest, Location) {
  EXPECT_THAT(location_document("eu-west-1"), HasSubstr(">eu-west-1</LocationConstraint>"));
  EXPECT_THAT(location_document("us-east-1"), HasSubstr("></LocationConstraint>"));
}

TEST(BucketDocumentsTest, EveryFixedAnswerExists) {
  for (const Route& route : routes()) {
    if (route.support != Support::fixed_answer) continue;
    S3Result<std::string> answer = default_configuration(route.operation);
    if (answer) {
      EXPECT_THAT(*answer, HasSubstr("xmlns=")) << route.name;
    } else {
      EXPECT_LT(http_status(answer.error().code), 500) << route.name;
    }
  }
  EXPECT_EQ(error_name(default_configuration(Operation::get_bucket_cors)), "NoSuchCORSConfiguration");
  EXPECT_THAT(default_configuration(Operation::get_bucket_versioning).value(), HasSubstr("<VersioningConfiguration"));
  EXPECT_THAT(default_configuration(Operation::get_bucket_versioning).value(), Not(HasSubstr("Status")));
}

}  // namespace
}  // namespace shoal::s3
