#pragma once

#include <string>
#include <string_view>

#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// Refuses headers that ask for something we would silently not do, although whoever asks relies on it: encryption
/// (x-amz-server-side-encryption*), object lock, redirects, appending, object ownership other than the bucket owner's
/// are NotImplemented. For every operation; access lists are canned_acl.h.
S3Result<void> check_supported_headers(const OperationRequest& request);

/// versionId: nothing here has versions, so "null" names the object there is and others name nothing: NoSuchVersion.
S3Result<void> check_version_id(const OperationRequest& request);

/// AccessDenied if x-amz-expected-bucket-owner is there and names somebody else. `owner` is that of the bucket.
S3Result<void> check_expected_owner(const OperationRequest& request, std::string_view owner);
/// The same of x-amz-source-expected-bucket-owner and the bucket that is copied from.
S3Result<void> check_expected_source_owner(const OperationRequest& request, std::string_view owner);

}  // namespace shoal::s3
