#include "shoal/s3/copy_request.h"

#include <algorithm>

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/model/bucket_name.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/object_attributes.h"

namespace shoal::s3 {
namespace {

/// Whether a COPY/REPLACE header says REPLACE.
S3Result<bool> parse_directive(const OperationRequest& request, std::string_view header) {
  std::optional<std::string_view> value = request.header(header);
  if (!value || *value == "COPY") return false;
  if (*value == "REPLACE") return true;
  return failure(S3ErrorCode::invalid_argument, std::string(header) + " must be COPY or REPLACE.");
}

/// The query behind a copy source, which may only name the version.
S3Result<void> check_source_query(std::string_view query) {
  std::optional<std::vector<http::QueryParameter>> parameters = http::parse_query(query, http::PlusSign::literal);
  if (!parameters || parameters->size() != 1 || parameters->front().name != "versionId" ||
      parameters->front().value.empty()) {
    return failure(S3ErrorCode::invalid_argument, "The query of x-amz-copy-source can only be a versionId.");
  }
  if (parameters->front().value != "null") return failure(S3ErrorCode::no_such_version);
  return {};
}

}  // namespace

S3Result<ObjectKey> parse_copy_source(std::string_view header) {
  std::size_t question_mark = std::min(header.find('?'), header.size());
  std::optional<std::string> decoded = http::percent_decode(header.substr(0, question_mark));
  if (!decoded || !is_utf8(*decoded) || decoded->contains('\0')) {
    return failure(S3ErrorCode::invalid_argument, "x-amz-copy-source is not percent-encoded UTF-8.");
  }
  // Some clients encode the slash between bucket and key too, so the name is cut after decoding. What is authorised and
  // read is what comes out here.
  std::string_view name = *decoded;
  if (name.starts_with('/')) name.remove_prefix(1);
  std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || !is_bucket_name(name.substr(0, slash)) || slash + 1 == name.size()) {
    return failure(S3ErrorCode::invalid_argument, "x-amz-copy-source must name a bucket and a key.");
  }
  ObjectKey source{std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
  if (source.name.size() > object_name_bytes_max) return failure(S3ErrorCode::key_too_long);
  if (question_mark < header.size()) {
    TRY(check_source_query(header.substr(question_mark + 1)));
  }
  return source;
}

S3Result<CopyRequest> parse_copy_request(const OperationRequest& request, std::chrono::sys_seconds now) {
  TRY(check_supported_headers(request));
  CopyRequest copy;
  TRY_ASSIGN(copy.source, parse_copy_source(request.header("x-amz-copy-source").value_or("")));
  TRY_ASSIGN(copy.source_conditions, parse_copy_conditions(request, now));
  TRY_ASSIGN(copy.condition, parse_write_condition(request));
  TRY_ASSIGN(copy.replaces_metadata, parse_directive(request, "x-amz-metadata-directive"));
  TRY_ASSIGN(copy.replaces_tags, parse_directive(request, "x-amz-tagging-directive"));
  TRY_ASSIGN(copy.attributes, parse_object_attributes(request));
  TRY_ASSIGN(copy.checksum_algorithm, parse_checksum_algorithm_header(request));
  bool to_itself = copy.source.bucket == request.bucket && copy.source.name == request.key;
  bool changes_something = copy.replaces_metadata || copy.replaces_tags || copy.checksum_algorithm ||
                           request.header("x-amz-storage-class").has_value();
  if (to_itself && !changes_something) {
    return failure(S3ErrorCode::invalid_request, "A copy of an object to itself must change something about it.");
  }
  return copy;
}

ObjectInfo attributes_of_copy(const CopyRequest& copy, const ObjectInfo& source) {
  const ObjectInfo& metadata_from = copy.replaces_metadata ? copy.attributes : source;
  ObjectInfo info;
  info.headers = metadata_from.headers;
  info.user_metadata = metadata_from.user_metadata;
  info.tags = copy.replaces_tags ? copy.attributes.tags : source.tags;
  info.storage_class = copy.attributes.storage_class;
  return info;
}

S3Result<std::optional<ChecksumAlgorithm>> parse_checksum_algorithm_header(const OperationRequest& request) {
  std::optional<std::string_view> name = request.header("x-amz-checksum-algorithm");
  if (!name) return std::nullopt;
  std::optional<ChecksumAlgorithm> algorithm = parse_checksum_algorithm(*name);
  if (!algorithm) {
    return failure(S3ErrorCode::invalid_request, "x-amz-checksum-algorithm names no algorithm that this server knows.");
  }
  return algorithm;
}

}  // namespace shoal::s3
