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

TEST(CannedAclTest, ReadsItsOwnDocumentsBack) {
  for (CannedAcl acl : {CannedAcl::owner_only, CannedAcl::public_read, CannedAcl::authenticated_read}) {
    EXPECT_EQ(parse_acl_document(acl_document("alice", acl), "alice").value(), acl);
  }
}

std::string policy(std::string_view grants) {
  return "<AccessControlPolicy><AccessControlList>" + std::string(grants) +
         "</AccessControlList></AccessControlPolicy>";
}

std::string grant(std::string_view grantee, std::string_view permission) {
  return "<Grant><Grantee>" + std::string(grantee) + "</Grantee><Permission>" + std::string(permission) +
         "</Permission></Grant>";
}

TEST(CannedAclTest, RefusesDocumentsOfOtherGrants) {
  const std::string owner = grant("<ID>alice</ID>", "FULL_CONTROL");
  EXPECT_EQ(parse_acl_document(policy(owner), "alice").value(), CannedAcl::owner_only);
  for (const std::string& other :
       {grant("<ID>mallory</ID>", "READ"), grant("<EmailAddress>m@example.com</EmailAddress>", "READ"),
        grant("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>", "WRITE"),
        grant("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>", "FULL_CONTROL")}) {
    EXPECT_EQ(error_name(parse_acl_document(policy(owner + other), "alice")), "AccessControlListNotSupported") << other;
  }
  EXPECT_EQ(error_name(parse_acl_document(policy(""), "alice")), "AccessControlListNotSupported");
  EXPECT_EQ(error_name(parse_acl_document(policy(grant("<ID>alice</ID>", "READ")), "alice")),
            "AccessControlListNotSupported");
}

TEST(CannedAclTest, RefusesWhatIsNoList) {
  for (const std::string& text : {std::string(), std::string("<AccessControlPolicy/>"), policy("<Other/>"),
                                  policy("<Grant/>"), policy(grant("<ID>alice</ID><ID>bob</ID>", "FULL_CONTROL")),
                                  policy(grant("<Name>alice</Name>", "READ")), policy(grant("<ID>alice</ID>", ""))}) {
    EXPECT_EQ(error_name(parse_acl_document(text, "alice")), "MalformedXML") << text;
  }
}

}  // namespace
}  // namespace shoal::s3
