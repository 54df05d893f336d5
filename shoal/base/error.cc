#include "shoal/base/error.h"

namespace shoal {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::access_denied:
      return "access_denied";
    case ErrorCode::no_such_bucket:
      return "no_such_bucket";
    case ErrorCode::bucket_exists:
      return "bucket_exists";
    case ErrorCode::bucket_not_empty:
      return "bucket_not_empty";
    case ErrorCode::no_such_key:
      return "no_such_key";
    case ErrorCode::no_such_upload:
      return "no_such_upload";
    case ErrorCode::invalid_part:
      return "invalid_part";
    case ErrorCode::precondition_failed:
      return "precondition_failed";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::incomplete_body:
      return "incomplete_body";
    case ErrorCode::bad_digest:
      return "bad_digest";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::closed:
      return "closed";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::no_such_file: return "no_such_file";
    case ErrorCode::file_exists: return "file_exists";
    case ErrorCode::disk_full:
      return "disk_full";
    case ErrorCode::io_error:
      return "io_error";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::not_supported:
      return "not_supported";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace shoal
