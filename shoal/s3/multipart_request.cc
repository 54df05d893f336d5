#include "shoal/s3/multipart_request.h"

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/object_attributes.h"

namespace shoal::s3 {
namespace {

S3Result<std::optional<ChecksumType>> parse_checksum_type(const OperationRequest& request) {
  std::optional<std::string_view> name = request.header("x-amz-checksum-type");
  if (!name) return std::nullopt;
  if (*name == "FULL_OBJECT") return ChecksumType::full_object;
  if (*name == "COMPOSITE") return ChecksumType::composite;
  return failure(S3ErrorCode::invalid_request, "x-amz-checksum-type must be FULL_OBJECT or COMPOSITE.");
}

/// Whether S3 has checksums of that type made by that algorithm.
bool exists(ChecksumAlgorithm algorithm, ChecksumType type) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc64nvme:
      return type == ChecksumType::full_object;
    case ChecksumAlgorithm::sha1:
    case ChecksumAlgorithm::sha256:
      return type == ChecksumType::composite;
    case ChecksumAlgorithm::crc32:
    case ChecksumAlgorithm::crc32c:
      return true;
  }
  return false;
}

}  // namespace

ChecksumType default_checksum_type(ChecksumAlgorithm algorithm) {
  return exists(algorithm, ChecksumType::composite) ? ChecksumType::composite : ChecksumType::full_object;
}

S3Result<std::uint32_t> parse_part_number(const OperationRequest& request) {
  std::optional<std::uint64_t> number = parse_decimal(request.parameter("partNumber").value_or(""));
  if (!number || *number < 1 || *number > part_number_max) {
    return failure(S3ErrorCode::invalid_argument, "partNumber must be a number from 1 to 10000.");
  }
  return static_cast<std::uint32_t>(*number);
}

S3Result<UploadKey> parse_upload_key(const OperationRequest& request) {
  std::string_view id = request.parameter("uploadId").value_or("");
  if (id.empty()) return failure(S3ErrorCode::no_such_upload);
  return UploadKey{{request.bucket, request.key}, std::string(id)};
}

S3Result<ObjectInfo> parse_create_multipart_upload(const OperationRequest& request) {
  TRY(check_supported_headers(request));
  TRY_ASSIGN(ObjectInfo info, parse_object_attributes(request));
  TRY_ASSIGN(std::optional<ChecksumAlgorithm> algorithm, parse_checksum_algorithm_header(request));
  TRY_ASSIGN(std::optional<ChecksumType> type, parse_checksum_type(request));
  if (!algorithm) {
    if (type) return failure(S3ErrorCode::invalid_request, "x-amz-checksum-type needs x-amz-checksum-algorithm.");
    return info;
  }
  if (!type) type = default_checksum_type(*algorithm);
  if (!exists(*algorithm, *type)) {
    return failure(S3ErrorCode::invalid_request, "There is no checksum of this algorithm and type.");
  }
  info.checksums.push_back({*algorithm, *type, ""});
  return info;
}

S3Result<PartTarget> parse_part_target(const OperationRequest& request) {
  TRY(check_supported_headers(request));
  PartTarget target;
  TRY_ASSIGN(target.part_number, parse_part_number(request));
  TRY_ASSIGN(target.upload, parse_upload_key(request));
  return target;
}

S3Result<PartSource> parse_part_source(const OperationRequest& request, std::chrono::sys_seconds now) {
  PartSource source;
  TRY_ASSIGN(source.key, parse_copy_source(request.header("x-amz-copy-source").value_or("")));
  TRY_ASSIGN(source.conditions, parse_copy_conditions(request, now));
  if (std::optional<std::string_view> range = request.header("x-amz-copy-source-range")) {
    source.range = std::string(*range);
  }
  return source;
}

S3Result<CompletionHeaders> parse_completion_headers(const OperationRequest& request) {
  TRY(check_supported_headers(request));
  CompletionHeaders headers;
  TRY_ASSIGN(headers.condition, parse_write_condition(request));
  TRY_ASSIGN(headers.checksum_type, parse_checksum_type(request));
  for (ChecksumAlgorithm algorithm : checksum_algorithms) {
    std::optional<std::string_view> value = request.header(checksum_header(algorithm));
    if (!value) continue;
    if (headers.checksum_algorithm) return failure(S3ErrorCode::invalid_request, "An object has only one checksum.");
    headers.checksum_algorithm = algorithm;
    headers.checksum_value = std::string(*value);
  }
  if (std::optional<std::string_view> size = request.header("x-amz-mp-object-size")) {
    headers.object_size = parse_decimal(*size);
    if (!headers.object_size) return failure(S3ErrorCode::invalid_argument, "x-amz-mp-object-size is not a size.");
  }
  return headers;
}

}  // namespace shoal::s3
