#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/model/checksum.h"
#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/conditions.h"
#include "shoal/s3/copy_request.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

inline constexpr std::uint32_t part_number_max = 10'000;

/// "partNumber": InvalidArgument unless it is a number from 1 to 10,000.
S3Result<std::uint32_t> parse_part_number(const OperationRequest& request);

/// Bucket, key and "uploadId", which the router has seen: NoSuchUpload if it is empty.
S3Result<UploadKey> parse_upload_key(const OperationRequest& request);

/// What CreateMultipartUpload says about the object to be. `checksums` has the algorithm and type that it announces,
/// with an empty value, or nothing: CRC64NVME is of the full object, SHA1 and SHA256 are composite, CRC32 and CRC32C
/// are composite unless x-amz-checksum-type says FULL_OBJECT; other pairs are InvalidRequest.
S3Result<ObjectInfo> parse_create_multipart_upload(const OperationRequest& request);

/// The type that a multipart object's checksum has when nobody says.
ChecksumType default_checksum_type(ChecksumAlgorithm algorithm);

/// Where UploadPart and UploadPartCopy put their bytes.
struct PartTarget {
  UploadKey upload;
  std::uint32_t part_number = 1;
};
S3Result<PartTarget> parse_part_target(const OperationRequest& request);

/// What UploadPartCopy reads.
struct PartSource {
  ObjectKey key;
  ReadConditions conditions;         ///< see check_copy_conditions()
  std::optional<std::string> range;  ///< see resolve_copy_range(); the whole object without
};
S3Result<PartSource> parse_part_source(const OperationRequest& request, std::chrono::sys_seconds now);

/// The headers of CompleteMultipartUpload; its parts are in the body.
struct CompletionHeaders {
  WriteCondition condition;
  /// x-amz-checksum-<algorithm>: what the client says the checksum of the object is.
  std::optional<ChecksumAlgorithm> checksum_algorithm;
  std::string checksum_value;
  std::optional<ChecksumType> checksum_type;
  std::optional<std::uint64_t> object_size;  ///< x-amz-mp-object-size
};
S3Result<CompletionHeaders> parse_completion_headers(const OperationRequest& request);

}  // namespace shoal::s3
