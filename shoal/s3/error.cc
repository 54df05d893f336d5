#include "shoal/s3/error.h"

#include <array>

namespace shoal::s3 {
namespace {

struct Entry {
  S3ErrorCode code;
  std::string_view name;
  int status;
  std::string_view message;
};

using enum S3ErrorCode;

// In the order of the enumeration, so that a code is its own index.
constexpr auto table = std::to_array<Entry>({
    {access_control_list_not_supported, "AccessControlListNotSupported", 400,
     "The bucket does not allow access lists; its owner owns every object in it."},
    {access_denied, "AccessDenied", 403, "Access Denied"},
    {authorization_header_malformed, "AuthorizationHeaderMalformed", 400,
     "The authorization header that you provided is not valid."},
    {authorization_query_parameters_error, "AuthorizationQueryParametersError", 400,
     "The authorization query parameters that you provided are not valid."},
    {bad_digest, "BadDigest", 400, "The checksum that you sent is not that of what the server received."},
    {bad_request, "BadRequest", 400, "The request is not valid."},
    {bucket_already_exists, "BucketAlreadyExists", 409, "The bucket name is taken; choose another one."},
    {bucket_already_owned_by_you, "BucketAlreadyOwnedByYou", 409, "The bucket exists already, and you own it."},
    {bucket_not_empty, "BucketNotEmpty", 409, "The bucket that you tried to delete is not empty."},
    {conditional_request_conflict, "ConditionalRequestConflict", 409,
     "Another operation on the same object was in the way; try again."},
    {entity_too_large, "EntityTooLarge", 400, "The upload is larger than the largest object allowed."},
    {entity_too_small, "EntityTooSmall", 400, "A part other than the last is smaller than 5 MiB."},
    {incomplete_body, "IncompleteBody", 400, "The body ended before the number of bytes that the headers announced."},
    {insufficient_storage, "InsufficientStorage", 507, "There is no room left for the object."},
    {internal_error, "InternalError", 500, "The server failed; try again."},
    {invalid_access_key_id, "InvalidAccessKeyId", 403, "The access key that you sent is not known here."},
    {invalid_argument, "InvalidArgument", 400, "An argument of the request is not valid."},
    {invalid_bucket_name, "InvalidBucketName", 400, "The bucket name is not valid."},
    {invalid_chunk_size, "InvalidChunkSizeError", 403, "A chunk of the body is malformed or has a size not allowed."},
    {invalid_digest, "InvalidDigest", 400, "The Content-MD5 that you sent is not a valid MD5."},
    {invalid_location_constraint, "InvalidLocationConstraint", 400, "The location constraint is not valid."},
    {invalid_part, "InvalidPart", 400, "A part that the list names was not uploaded or has another ETag."},
    {invalid_part_number, "InvalidPartNumber", 416, "The object has no part of that number."},
    {invalid_part_order, "InvalidPartOrder", 400, "The parts must be listed by ascending part number."},
    {invalid_range, "InvalidRange", 416, "The requested range has no byte of the object."},
    {invalid_request, "InvalidRequest", 400, "The request is not valid."},
    {invalid_storage_class, "InvalidStorageClass", 400, "The storage class is not valid."},
    {invalid_tag, "InvalidTag", 400, "A tag is not valid."},
    {invalid_token, "InvalidToken", 400, "The security token of the request is not known here."},
    {invalid_uri, "InvalidURI", 400, "The URI of the request could not be parsed."},
    {key_too_long, "KeyTooLongError", 400, "The key is longer than 1024 bytes."},
    {malformed_trailer, "MalformedTrailerError", 400,
     "The trailer of the body is malformed or not the one that x-amz-trailer announced."},
    {malformed_xml, "MalformedXML", 400, "The XML of the request is not well-formed or not of its schema."},
    {max_message_length_exceeded, "MaxMessageLengthExceeded", 400, "The body of the request is too large."},
    {metadata_too_large, "MetadataTooLarge", 400, "The metadata headers exceed the largest size allowed."},
    {method_not_allowed, "MethodNotAllowed", 405, "The method is not allowed on this resource."},
    {missing_content_length, "MissingContentLength", 411, "The request needs a Content-Length header."},
    {missing_request_body, "MissingRequestBodyError", 400, "The request needs a body."},
    {missing_security_header, "MissingSecurityHeader", 400, "The request lacks a header that it needs."},
    {no_such_bucket, "NoSuchBucket", 404, "The bucket does not exist."},
    {no_such_bucket_policy, "NoSuchBucketPolicy", 404, "The bucket has no policy."},
    {no_such_configuration, "NoSuchConfiguration", 404, "The bucket has no such configuration."},
    {no_such_cors_configuration, "NoSuchCORSConfiguration", 404, "The bucket has no CORS configuration."},
    {no_such_key, "NoSuchKey", 404, "The key does not exist."},
    {no_such_lifecycle_configuration, "NoSuchLifecycleConfiguration", 404,
     "The bucket has no lifecycle configuration."},
    {no_such_public_access_block_configuration, "NoSuchPublicAccessBlockConfiguration", 404,
     "The bucket has no public access block configuration."},
    {no_such_tag_set, "NoSuchTagSet", 404, "There is no tag set."},
    {no_such_upload, "NoSuchUpload", 404, "The upload does not exist; it may have been completed or aborted."},
    {no_such_version, "NoSuchVersion", 404, "The version does not exist."},
    {no_such_website_configuration, "NoSuchWebsiteConfiguration", 404, "The bucket has no website configuration."},
    {not_found, "NotFound", 404, "Not Found"},
    {not_implemented, "NotImplemented", 501, "The request asks for something that this server does not do."},
    {not_modified, "NotModified", 304, "Not Modified"},
    {object_lock_configuration_not_found, "ObjectLockConfigurationNotFoundError", 404,
     "The bucket has no object lock configuration."},
    {precondition_failed, "PreconditionFailed", 412, "A condition of the request did not hold."},
    {replication_configuration_not_found, "ReplicationConfigurationNotFoundError", 404,
     "The bucket has no replication configuration."},
    {request_header_section_too_large, "RequestHeaderSectionTooLarge", 400,
     "The headers of the request are too large."},
    {request_time_too_skewed, "RequestTimeTooSkewed", 403,
     "The difference between the request time and the current time is too large."},
    {request_timeout, "RequestTimeout", 400, "The body did not arrive within the time allowed."},
    {server_side_encryption_configuration_not_found, "ServerSideEncryptionConfigurationNotFoundError", 404,
     "The bucket has no encryption configuration."},
    {service_unavailable, "ServiceUnavailable", 503, "The server cannot answer now; try again."},
    {signature_does_not_match, "SignatureDoesNotMatch", 403,
     "The signature that you sent is not the one that the server calculated; check your secret key and how you sign."},
    {slow_down, "SlowDown", 503, "A limit is reached for now; slow down and try again."},
    {too_many_parts, "TooManyParts", 400, "The upload has too many parts."},
    {user_key_must_be_specified, "UserKeyMustBeSpecified", 400, "The form must have a field named key."},
    {x_amz_content_sha256_mismatch, "XAmzContentSHA256Mismatch", 400,
     "The x-amz-content-sha256 header is not the SHA-256 of what the server received."},
});

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].code) != i) return false;
  }
  return true;
}
static_assert(is_in_order(), "one line for each code, in the order of the enumeration");
static_assert(table.back().code == x_amz_content_sha256_mismatch, "the last code has a line, so all have one");

const Entry& entry(S3ErrorCode code) { return table[static_cast<std::size_t>(code)]; }

S3Error with_default_message(S3ErrorCode code) { return {code, std::string(default_message(code))}; }

}  // namespace

std::string_view wire_name(S3ErrorCode code) { return entry(code).name; }
int http_status(S3ErrorCode code) { return entry(code).status; }
std::string_view default_message(S3ErrorCode code) { return entry(code).message; }

S3Error from_store_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
      return {invalid_argument, error.message};
    case ErrorCode::access_denied:
      return with_default_message(access_denied);
    case ErrorCode::no_such_bucket:
      return with_default_message(no_such_bucket);
    case ErrorCode::bucket_exists:
      return with_default_message(bucket_already_owned_by_you);
    case ErrorCode::bucket_not_empty:
      return with_default_message(bucket_not_empty);
    case ErrorCode::no_such_key:
      return with_default_message(no_such_key);
    case ErrorCode::no_such_upload:
      return with_default_message(no_such_upload);
    case ErrorCode::invalid_part:
      return {invalid_part, error.message};
    case ErrorCode::precondition_failed:
      return with_default_message(precondition_failed);
    case ErrorCode::conflict:
      return with_default_message(conditional_request_conflict);
    case ErrorCode::too_large:
      return with_default_message(entity_too_large);
    case ErrorCode::incomplete_body:
      return with_default_message(incomplete_body);
    case ErrorCode::bad_digest:
      return {bad_digest, error.message};
    case ErrorCode::timed_out:
    case ErrorCode::cancelled:
    case ErrorCode::closed:
      return with_default_message(service_unavailable);
    case ErrorCode::overloaded:
      return with_default_message(slow_down);
    case ErrorCode::disk_full:
      return with_default_message(insufficient_storage);
    case ErrorCode::not_supported:
      return {not_implemented, error.message};
    case ErrorCode::no_such_file:
    case ErrorCode::file_exists:
    case ErrorCode::io_error:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return with_default_message(internal_error);
  }
  return with_default_message(internal_error);
}

}  // namespace shoal::s3
