#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/model/checksum.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_key.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/conditions.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// The source that x-amz-copy-source names: "bucket/key" or "/bucket/key", percent-encoded, perhaps with
/// "?versionId=null". The name is decoded once and is what must be authorised. Whatever is no such name is
/// InvalidArgument; another version is NoSuchVersion.
S3Result<ObjectKey> parse_copy_source(std::string_view header);

/// What CopyObject asks for.
struct CopyRequest {
  ObjectKey source;
  ReadConditions source_conditions;  ///< see check_copy_conditions()
  WriteCondition condition;          ///< on the target
  bool replaces_metadata = false;    ///< x-amz-metadata-directive: REPLACE
  bool replaces_tags = false;        ///< x-amz-tagging-directive: REPLACE
  ObjectInfo attributes;             ///< what it replaces by, and the storage class
  /// A checksum that the copy shall have, in place of those of the source.
  std::optional<ChecksumAlgorithm> checksum_algorithm;
};

/// InvalidArgument, InvalidRequest, NotImplemented and so on. A copy of an object to itself that changes nothing is
/// InvalidRequest, as in S3.
S3Result<CopyRequest> parse_copy_request(const OperationRequest& request, std::chrono::sys_seconds now);

/// Headers, metadata, tags and storage class of the new object. Size, ETag, checksums and owner are left to who copies
/// the bytes.
ObjectInfo attributes_of_copy(const CopyRequest& copy, const ObjectInfo& source);

/// From x-amz-checksum-algorithm; InvalidRequest if it names none that we know.
S3Result<std::optional<ChecksumAlgorithm>> parse_checksum_algorithm_header(const OperationRequest& request);

}  // namespace shoal::s3
