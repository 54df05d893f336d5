#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "shoal/base/result.h"

namespace shoal::s3 {

/// Every error that a client of ours can be shown, named as in "Error responses" of the Amazon S3 API reference. The
/// wire name and the HTTP status of each are one line of the table in error.cc.
enum class S3ErrorCode {
  access_control_list_not_supported,
  access_denied,
  authorization_header_malformed,
  authorization_query_parameters_error,
  bad_digest,
  bad_request,
  bucket_already_exists,
  bucket_already_owned_by_you,
  bucket_not_empty,
  conditional_request_conflict,
  entity_too_large,
  entity_too_small,
  incomplete_body,
  insufficient_storage,
  internal_error,
  invalid_access_key_id,
  invalid_argument,
  invalid_bucket_name,
  invalid_chunk_size,
  invalid_digest,
  invalid_location_constraint,
  invalid_part,
  invalid_part_number,
  invalid_part_order,
  invalid_range,
  invalid_request,
  invalid_storage_class,
  invalid_tag,
  invalid_token,
  invalid_uri,
  key_too_long,
  malformed_trailer,
  malformed_xml,
  max_message_length_exceeded,
  metadata_too_large,
  method_not_allowed,
  missing_content_length,
  missing_request_body,
  missing_security_header,
  no_such_bucket,
  no_such_bucket_policy,
  no_such_configuration,
  no_such_cors_configuration,
  no_such_key,
  no_such_lifecycle_configuration,
  no_such_public_access_block_configuration,
  no_such_tag_set,
  no_such_upload,
  no_such_version,
  no_such_website_configuration,
  not_found,  ///< A HEAD request's 404, which has no body and so no name.
  not_implemented,
  not_modified,  ///< 304: a condition of a read says that the client has the object already.
  object_lock_configuration_not_found,
  precondition_failed,
  replication_configuration_not_found,
  request_header_section_too_large,
  request_time_too_skewed,
  request_timeout,
  server_side_encryption_configuration_not_found,
  service_unavailable,
  signature_does_not_match,
  slow_down,
  too_many_parts,
  user_key_must_be_specified,
  x_amz_content_sha256_mismatch,
};

/// What a request is answered with instead of a result. `message` goes to the client: it names no other tenant's
/// things, no secret and no signature.
struct S3Error {
  S3ErrorCode code;
  std::string message;

  S3Error(S3ErrorCode error_code, std::string text) : code(error_code), message(std::move(text)) {}
};

/// A value, or what the client is told.
template <typename T>
using S3Result = std::expected<T, S3Error>;

/// The text of <Code>: "NoSuchKey".
std::string_view wire_name(S3ErrorCode code);

/// The status of the response: 404.
int http_status(S3ErrorCode code);

/// The sentence that S3 itself gives for the code, for errors that have nothing more exact to say.
std::string_view default_message(S3ErrorCode code);

/// What a client is told when the store failed. Messages of failures inside the server (I/O, corruption) stay inside:
/// the client gets the sentence of the code.
S3Error from_store_error(const Error& error);

/// The one way to make a failed S3Result: `return failure(S3ErrorCode::invalid_range, "…");`
[[nodiscard]] inline std::unexpected<S3Error> failure(S3ErrorCode code, std::string message) {
  return std::unexpected<S3Error>(S3Error(code, std::move(message)));
}
/// The same with the sentence that S3 gives for the code.
[[nodiscard]] inline std::unexpected<S3Error> failure(S3ErrorCode code) {
  return failure(code, std::string(default_message(code)));
}

}  // namespace shoal::s3

namespace shoal {

/// Lets TRY and TRY_ASSIGN pass on the error of an S3Result.
[[nodiscard]] inline std::unexpected<s3::S3Error> failure(s3::S3Error error) {
  return std::unexpected<s3::S3Error>(std::move(error));
}

}  // namespace shoal
