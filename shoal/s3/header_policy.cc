#include "shoal/s3/header_policy.h"

#include <algorithm>
#include <array>

#include "shoal/base/result.h"
#include "shoal/base/text.h"

namespace shoal::s3 {
namespace {

// Headers of which every value, or every header that begins so, asks for what we do not do; without the "x-amz-" of
// all.
constexpr auto refused_prefixes = std::to_array<std::string_view>({
    "server-side-encryption",
    "copy-source-server-side-encryption",
    "object-lock-",
    "website-redirect-location",
    "write-offset-bytes",
    "if-match-last-modified-time",
    "if-match-size",
});

S3Result<void> check_owner(const OperationRequest& request, std::string_view header, std::string_view owner) {
  std::optional<std::string_view> expected = request.header(header);
  if (expected && *expected != owner) return failure(S3ErrorCode::access_denied);
  return {};
}

}  // namespace

S3Result<void> check_supported_headers(const OperationRequest& request) {
  for (http::HeaderField field : *request.headers) {
    constexpr std::string_view own = "x-amz-";
    if (!starts_with_ignoring_ascii_case(field.name, own)) continue;
    std::string_view name = field.name.substr(own.size());
    const char first =
        name.empty() ? '\0' : static_cast<char>(name.front() | 0x20);  // in lower case, if it is a letter
    for (std::string_view prefix : refused_prefixes) {
      if (prefix.front() != first || !starts_with_ignoring_ascii_case(name, prefix)) continue;
      return failure(S3ErrorCode::not_implemented,
                     "This server does not do what " + to_lower_ascii(field.name) + " asks for.");
    }
  }
  std::optional<std::string_view> locked = request.header("x-amz-bucket-object-lock-enabled");
  if (locked && !equals_ignoring_ascii_case(*locked, "false")) {
    return failure(S3ErrorCode::not_implemented, "This server does not lock objects.");
  }
  std::optional<std::string_view> ownership = request.header("x-amz-object-ownership");
  if (ownership && *ownership != "BucketOwnerEnforced") {
    return failure(S3ErrorCode::not_implemented, "Objects always belong to the owner of their bucket.");
  }
  return {};
}

S3Result<void> check_version_id(const OperationRequest& request) {
  std::optional<std::string_view> version = request.parameter("versionId");
  if (!version || *version == "null") return {};
  if (version->empty()) return failure(S3ErrorCode::invalid_argument, "The version id is empty.");
  return failure(S3ErrorCode::no_such_version);
}

S3Result<void> check_expected_owner(const OperationRequest& request, std::string_view owner) {
  return check_owner(request, "x-amz-expected-bucket-owner", owner);
}

S3Result<void> check_expected_source_owner(const OperationRequest& request, std::string_view owner) {
  return check_owner(request, "x-amz-source-expected-bucket-owner", owner);
}

}  // namespace shoal::s3
