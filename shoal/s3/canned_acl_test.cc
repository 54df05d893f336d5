#include "shoal/s3/canned_acl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/s3/test_request.h"

namespace shoal::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

S3Result<std::optional<CannedAcl>> parse(std::string_view lines) {
  TestRequest request(lines);
  OperationRequest operation = request.operation();
  return parse_canned_acl(operation);
}

TEST(CannedAclTest, KnowsWhatLetsOthersRead) {
  EXPECT_EQ(parse("PUT /bucket/key").value(), std::nullopt);
  EXPECT_EQ(parse("PUT /bucket/key\nx-amz-acl: private").value(), CannedAcl::owner_only);
  EXPECT_EQ(parse("PUT /bucket/key\nx-amz-acl: bucket-owner-full-control").value(), CannedAcl::owner_only);
  EXPECT_EQ(parse("PUT /bucket/key\nx-amz-acl: public-read").value(), CannedAcl::public_read);
  EXPECT_EQ(parse("PUT /bucket/key\nx-amz-acl: authenticated-read").value(), CannedAcl::authenticated_read);
}

TEST(CannedAclTest, NothingLetsOthersWrite) {
  EXPECT_EQ(error_name(parse("PUT /bucket/key\nx-amz-acl: public-read-write")), "AccessControlListNotSupported");
  EXPECT_EQ(error_name(parse("PUT /bucket/key\nx-amz-grant-write: id=\"x\"")), "AccessControlListNotSupported");
  EXPECT_EQ(error_name(parse("PUT /bucket/key\nx-amz-acl: everybody")), "InvalidArgument");
}

TEST(CannedAclTest, AnUnknownStoredNameGivesNothing) {
  for (CannedAcl acl : {CannedAcl::owner_only, CannedAcl::public_read, CannedAcl::authenticated_read}) {
    EXPECT_EQ(acl_of_stored(stored_acl(acl)), acl);
  }
  EXPECT_EQ(acl_of_stored("public-read-write"), CannedAcl::owner_only);
}

TEST(CannedAclTest, TheDocumentNamesEveryGrant) {
  EXPECT_THAT(acl_document("alice", CannedAcl::owner_only), HasSubstr("xsi:type=\"CanonicalUser\"><ID>alice</ID>"));
  EXPECT_THAT(acl_document("alice", CannedAcl::owner_only), Not(HasSubstr("READ")));
  EXPECT_THAT(acl_document("alice", CannedAcl::public_read),
              HasSubstr("global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>"));
}

}  // namespace
}  // namespace shoal::s3
