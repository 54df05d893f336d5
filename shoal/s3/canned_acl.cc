#include "shoal/s3/canned_acl.h"

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {
namespace {

constexpr std::string_view grant_prefix = "x-amz-grant-";
constexpr std::string_view public_read_name = "public-read";
constexpr std::string_view authenticated_read_name = "authenticated-read";

void write_grant(XmlWriter& xml, std::string_view type, std::string_view tag, std::string_view who,
                 std::string_view permission) {
  std::string attributes =
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"" + std::string(type) + "\"";
  xml.open("Grant");
  xml.open_with_attributes("Grantee", attributes);
  xml.element(tag, who);
  if (tag == "ID") xml.element("DisplayName", who);
  xml.close();
  xml.element("Permission", permission);
  xml.close();
}

}  // namespace

S3Result<std::optional<CannedAcl>> parse_canned_acl(const OperationRequest& request) {
  for (http::HeaderField field : *request.headers) {
    if (equals_ignoring_ascii_case(field.name.substr(0, grant_prefix.size()), grant_prefix)) {
      return failure(S3ErrorCode::access_control_list_not_supported);
    }
  }
  std::optional<std::string_view> name = request.header("x-amz-acl");
  if (!name) return std::nullopt;
  if (*name == "private" || *name == "bucket-owner-read" || *name == "bucket-owner-full-control")
    return CannedAcl::owner_only;
  if (*name == public_read_name) return CannedAcl::public_read;
  if (*name == authenticated_read_name) return CannedAcl::authenticated_read;
  if (*name == "public-read-write" || *name == "aws-exec-read" || *name == "log-delivery-write") {
    return failure(S3ErrorCode::access_control_list_not_supported);
  }
  return failure(S3ErrorCode::invalid_argument, "x-amz-acl is not the name of a canned access list.");
}

std::string stored_acl(CannedAcl acl) {
  switch (acl) {
    case CannedAcl::owner_only:
      return {};
    case CannedAcl::public_read:
      return std::string(public_read_name);
    case CannedAcl::authenticated_read:
      return std::string(authenticated_read_name);
  }
  return {};
}

CannedAcl acl_of_stored(std::string_view text) {
  if (text == public_read_name) return CannedAcl::public_read;
  if (text == authenticated_read_name) return CannedAcl::authenticated_read;
  return CannedAcl::owner_only;
}

std::string acl_document(std::string_view owner, CannedAcl acl) {
  XmlWriter xml("AccessControlPolicy");
  xml.person("Owner", owner);
  xml.open("AccessControlList");
  write_grant(xml, "CanonicalUser", "ID", owner, "FULL_CONTROL");
  if (acl == CannedAcl::public_read) {
    write_grant(xml, "Group", "URI", "http://acs.amazonaws.com/groups/global/AllUsers", "READ");
  } else if (acl == CannedAcl::authenticated_read) {
    write_grant(xml, "Group", "URI", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", "READ");
  }
  return xml.finish();
}

}  // namespace shoal::s3
