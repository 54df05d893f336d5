#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace shoal {

/// What went wrong, as far as some caller acts on it. Anything finer is text in Error::message.
enum class ErrorCode {
  invalid_argument,  ///< The caller asked for something that can never work.
  access_denied,
  no_such_bucket,
  bucket_exists,
  bucket_not_empty,
  no_such_key,
  no_such_upload,
  invalid_part,         ///< A part named by a completion is missing or has another ETag.
  precondition_failed,  ///< A WriteCondition did not hold.
  conflict,             ///< Another operation on the same thing is in the way; trying again may work.
  too_large,
  incomplete_body,  ///< The sender stopped before the announced end.
  bad_digest,       ///< The bytes are not those that a checksum promised.
  timed_out,
  cancelled,
  closed,      ///< The component is shutting down or has stopped after an earlier failure.
  overloaded,  ///< A limit is reached for now; trying later may work.
  no_such_file,
  file_exists,
  disk_full,
  io_error,
  corrupt,  ///< Stored bytes fail their checksum or do not parse.
  not_supported,
  internal,
};

/// Stable lower-case name, for logs and metrics: "disk_full".
std::string_view to_string(ErrorCode code);

/// A failure of the world (not a bug: that is CHECK). `message` is for an operator or a developer and says what was
/// attempted; it never holds secrets.
struct Error {
  ErrorCode code;
  std::string message;

  Error(ErrorCode error_code, std::string text) : code(error_code), message(std::move(text)) {}
};

}  // namespace shoal
