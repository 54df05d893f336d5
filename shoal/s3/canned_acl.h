#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// The canned access lists that we know
/// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl). The owner of a bucket owns
/// every object in it and may always do everything; the list says what others may do. None lets anybody write: a write
/// without a signature does not exist here.
enum class CannedAcl {
  owner_only,          ///< private, bucket-owner-read, bucket-owner-full-control
  public_read,         ///< anybody may read, signed or not
  authenticated_read,  ///< everybody with keys of this server may read
};

/// From x-amz-acl; nothing without the header. A list that lets others write or that is of AWS's own services, and
/// x-amz-grant-*, are AccessControlListNotSupported; an unknown name is InvalidArgument.
S3Result<std::optional<CannedAcl>> parse_canned_acl(const OperationRequest& request);

/// The body of PutBucketAcl and PutObjectAcl: the grants of a canned list, spelled out as acl_document() does; tools
/// copy lists that way. `owner` must have FULL_CONTROL. AccessControlListNotSupported for other grants, MalformedXML
/// for what is no list.
S3Result<CannedAcl> parse_acl_document(std::string_view xml, std::string_view owner);

/// How a list is stored: its name, empty for owner_only.
std::string stored_acl(CannedAcl acl);
/// The way back; a name that we do not know gives nobody anything.
CannedAcl acl_of_stored(std::string_view text);

/// The answer to GetBucketAcl and GetObjectAcl.
std::string acl_document(std::string_view owner, CannedAcl acl);

}  // namespace shoal::s3
