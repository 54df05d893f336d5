#include "shoal/s3/read_request.h"

#include <array>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/http/grammar.h"
#include "shoal/s3/header_policy.h"
#include "shoal/s3/multipart_request.h"

namespace shoal::s3 {
namespace {

constexpr std::string_view override_prefix = "response-";
constexpr auto override_parameters = std::to_array<std::string_view>(
    {"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
     "response-content-type", "response-expires"});

S3Result<std::vector<std::pair<std::string, std::string>>> parse_overrides(const OperationRequest& request) {
  std::vector<std::pair<std::string, std::string>> overrides;
  if (request.query.empty()) return overrides;
  for (std::string_view parameter : override_parameters) {
    std::optional<std::string_view> value = request.parameter(parameter);
    if (!value || value->empty()) continue;
    if (!http::is_field_value(*value)) {
      return failure(S3ErrorCode::invalid_argument, std::string(parameter) + " cannot be the value of a header.");
    }
    overrides.emplace_back(parameter.substr(override_prefix.size()), trim_blanks(*value));
  }
  return overrides;
}

/// Where a part lies in its object, if there is such a part.
std::optional<ByteRange> extent_of_part(const ObjectInfo& object, std::uint32_t number) {
  if (object.parts.empty()) return number == 1 ? std::optional(ByteRange{0, object.size}) : std::nullopt;
  std::uint64_t offset = 0;
  for (const PartInfo& part : object.parts) {
    if (part.number == number) return ByteRange{offset, part.size};
    offset += part.size;
  }
  return std::nullopt;
}

}  // namespace

S3Result<ReadRequest> parse_read_request(const OperationRequest& request, std::chrono::sys_seconds now) {
  if (request.has_plain_lines && request.query.empty()) return ReadRequest();
  TRY(check_supported_headers(request));
  TRY(check_version_id(request));
  ReadRequest read;
  read.conditions = parse_read_conditions(request, now);
  if (std::optional<std::string_view> range = request.header("range")) read.range = std::string(*range);
  if (std::optional<std::string_view> if_range = request.header("if-range")) read.if_range = std::string(*if_range);
  if (request.parameter("partNumber")) {
    TRY_ASSIGN(read.part_number, parse_part_number(request));
    if (read.range) return failure(S3ErrorCode::invalid_request, "Range and partNumber exclude each other.");
  }
  TRY_ASSIGN(read.overrides, parse_overrides(request));
  read.with_checksums = equals_ignoring_ascii_case(request.header("x-amz-checksum-mode").value_or(""), "ENABLED");
  return read;
}

S3Result<std::optional<ByteRange>> resolve_read(const ReadRequest& read, const ObjectInfo& object) {
  if (read.part_number) {
    std::optional<ByteRange> part = extent_of_part(object, *read.part_number);
    if (!part) return failure(S3ErrorCode::invalid_part, "The object has no part of that number.");
    if (part->length > 0) return part;
    // No byte to give a range of: an empty object is sent whole.
    if (object.size == 0) return std::nullopt;
    return failure(S3ErrorCode::invalid_range);
  }
  if (!read.range || (read.if_range && !if_range_holds(*read.if_range, object))) return std::nullopt;
  return resolve_range(*read.range, object.size);
}

}  // namespace shoal::s3
