#include "shoal/origin/answer_error.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "shoal/s3/xml_reader.h"

namespace shoal::origin {
namespace {

constexpr s3::XmlLimits error_limits{.bytes_max = 64 * 1024, .elements_max = 256, .depth_max = 8};

struct KnownCode {
  std::string_view name;
  ErrorCode code;
};
constexpr auto known_codes = std::to_array<KnownCode>({
    {"NoSuchBucket", ErrorCode::no_such_bucket},
    {"NoSuchKey", ErrorCode::no_such_key},
    {"NoSuchUpload", ErrorCode::no_such_upload},
    {"BucketAlreadyExists", ErrorCode::bucket_exists},
    {"BucketAlreadyOwnedByYou", ErrorCode::bucket_exists},
    {"BucketNotEmpty", ErrorCode::bucket_not_empty},
    {"InvalidPart", ErrorCode::invalid_part},
    {"InvalidPartOrder", ErrorCode::invalid_part},
    {"PreconditionFailed", ErrorCode::precondition_failed},
    {"ConditionalRequestConflict", ErrorCode::conflict},
    {"OperationAborted", ErrorCode::conflict},
    {"EntityTooLarge", ErrorCode::too_large},
    {"BadDigest", ErrorCode::bad_digest},
    {"InvalidDigest", ErrorCode::bad_digest},
    {"XAmzContentSHA256Mismatch", ErrorCode::bad_digest},
    {"IncompleteBody", ErrorCode::incomplete_body},
    {"NotImplemented", ErrorCode::not_supported},
    {"InsufficientStorage", ErrorCode::disk_full},
    {"QuotaExceeded", ErrorCode::disk_full},
    {"XMinioStorageFull", ErrorCode::disk_full},
});

/// The code of an <Error> document; empty if it is none. Only what a code may look like: it goes into messages.
std::string code_in(std::string_view text) {
  auto document = s3::XmlDocument::parse(text, "Error", error_limits);
  if (!document) return {};
  for (s3::XmlElement child : document->root().children()) {
    if (child.name() != "Code") continue;
    std::string code(child.text().substr(0, 64));
    std::erase_if(code, [](unsigned char c) { return std::isalnum(c) == 0; });
    return code;
  }
  return {};
}

Refusal refusal_of_status(const OriginRequest& request, int status, const std::string& code) {
  std::string said = fmt::format("the origin answered {} {}", status, code.empty() ? "without a code" : code);
  auto known = std::ranges::find(known_codes, std::string_view(code), &KnownCode::name);
  if (status == 429 || status == 503 || code == "SlowDown" || code == "ServiceUnavailable") {
    return {Error(ErrorCode::overloaded, said), true, true};
  }
  if (known != known_codes.end()) return {Error(known->code, said)};
  if (status >= 500) {
    return {Error(status == 501 ? ErrorCode::not_supported : ErrorCode::closed, said), status != 501, status == 501};
  }
  switch (status) {
    case 401:
    case 403:
      return {Error(ErrorCode::access_denied, said)};
    case 404:
      return {Error(request.key.empty() ? ErrorCode::no_such_bucket : ErrorCode::no_such_key, said)};
    case 408:
      return {Error(ErrorCode::timed_out, said), true, true};
    case 409:
      return {Error(ErrorCode::conflict, said)};
    case 412:
      return {Error(ErrorCode::precondition_failed, said)};
    case 413:
      return {Error(ErrorCode::too_large, said)};
    default:
      break;
  }
  if (code == "RequestTimeout") return {Error(ErrorCode::timed_out, said), true, true};
  if (status >= 300 && status < 400) {
    return {Error(ErrorCode::internal, said + ", which is not followed: check url, region and addressing")};
  }
  return {Error(ErrorCode::invalid_argument, said)};
}

}  // namespace

Refusal refusal_of(const OriginRequest& request, const OriginAnswer& answer) {
  return refusal_of_status(request, answer.status, code_in(answer.body.to_string()));
}

std::optional<Refusal> refusal_in(const OriginRequest& request, std::string_view text) {
  std::string code = code_in(text);
  if (code.empty()) return std::nullopt;
  return refusal_of_status(request, code == "InternalError" ? 500 : 400, code);
}

}  // namespace shoal::origin
