#include "shoal/s3/canned_acl.h"

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/s3/xml_reader.h"
#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {
namespace {

constexpr std::string_view grant_prefix = "x-amz-grant-";
constexpr std::string_view public_read_name = "public-read";
constexpr std::string_view authenticated_read_name = "authenticated-read";
constexpr std::string_view all_users = "http://acs.amazonaws.com/groups/global/AllUsers";
constexpr std::string_view authenticated_users = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/// S3 allows 100 grants of up to 8 elements and attributes each.
constexpr XmlLimits acl_limits{.bytes_max = 64 * 1024, .elements_max = 1'000, .depth_max = 5};

/// Who may do what, as a document says it.
struct Grant {
  std::string grantee;  ///< the ID of a person or the URI of a group
  std::string permission;
};

S3Result<Grant> parse_grant(const XmlElement& element) {
  if (element.name() != "Grant") return failure(S3ErrorCode::malformed_xml);
  Grant grant;
  for (const XmlElement& field : element.children()) {
    if (field.name() == "Permission") {
      grant.permission = trim_blanks(field.text());
    } else if (field.name() == "Grantee") {
      for (const XmlElement& part : field.children()) {
        if (part.name() == "ID" || part.name() == "URI") {
          if (!grant.grantee.empty()) return failure(S3ErrorCode::malformed_xml);
          grant.grantee = trim_blanks(part.text());
        } else if (part.name() == "EmailAddress") {
          return failure(S3ErrorCode::access_control_list_not_supported);
        } else if (part.name() != "DisplayName") {
          return failure(S3ErrorCode::malformed_xml);
        }
      }
    } else {
      return failure(S3ErrorCode::malformed_xml);
    }
  }
  if (grant.grantee.empty() || grant.permission.empty()) return failure(S3ErrorCode::malformed_xml);
  return grant;
}

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

S3Result<CannedAcl> parse_acl_document(std::string_view xml, std::string_view owner) {
  TRY_ASSIGN(XmlDocument document, XmlDocument::parse(xml, "AccessControlPolicy", acl_limits));
  bool owner_has_all = false;
  bool list_seen = false;
  CannedAcl acl = CannedAcl::owner_only;
  for (const XmlElement& section : document.root().children()) {
    if (section.name() == "Owner") continue;
    if (section.name() != "AccessControlList" || list_seen) return failure(S3ErrorCode::malformed_xml);
    list_seen = true;
    for (const XmlElement& element : section.children()) {
      TRY_ASSIGN(Grant grant, parse_grant(element));
      if (grant.grantee == owner && grant.permission == "FULL_CONTROL") {
        owner_has_all = true;
      } else if (grant.grantee == all_users && grant.permission == "READ") {
        acl = CannedAcl::public_read;  // which lets those with keys read too
      } else if (grant.grantee == authenticated_users && grant.permission == "READ") {
        if (acl == CannedAcl::owner_only) acl = CannedAcl::authenticated_read;
      } else {
        return failure(S3ErrorCode::access_control_list_not_supported);
      }
    }
  }
  if (!list_seen) return failure(S3ErrorCode::malformed_xml);
  if (!owner_has_all) return failure(S3ErrorCode::access_control_list_not_supported);
  return acl;
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
    write_grant(xml, "Group", "URI", all_users, "READ");
  } else if (acl == CannedAcl::authenticated_read) {
    write_grant(xml, "Group", "URI", authenticated_users, "READ");
  }
  return xml.finish();
}

}  // namespace shoal::s3
