#include "shoal/s3/conditions.h"

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/http/date.h"

namespace shoal::s3 {
namespace {

/// Whether weak ETags (W/"…") count (RFC 9110 section 8.8.3.2).
enum class Comparison { strong, weak };

bool matches(std::string_view list, const std::string& etag, Comparison comparison) {
  bool found = false;
  http::for_each_list_member(list, [&](std::string_view member) {
    if (member.starts_with("W/") && comparison == Comparison::weak) member.remove_prefix(2);
    found = found || member == "*" || unquoted_etag(member) == etag;
  });
  return found;
}

std::chrono::sys_seconds in_seconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

std::optional<std::string> text_of(const OperationRequest& request, std::string_view header) {
  std::optional<std::string_view> value = request.header(header);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<std::chrono::sys_seconds> date_of(const OperationRequest& request, std::string_view header,
                                                std::chrono::sys_seconds now) {
  std::optional<std::string_view> value = request.header(header);
  return value ? http::parse_http_date(*value, now) : std::nullopt;
}

}  // namespace

std::string_view unquoted_etag(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

ReadConditions parse_read_conditions(const OperationRequest& request, std::chrono::sys_seconds now) {
  return {.if_match = text_of(request, "if-match"),
          .if_none_match = text_of(request, "if-none-match"),
          .if_modified_since = date_of(request, "if-modified-since", now),
          .if_unmodified_since = date_of(request, "if-unmodified-since", now)};
}

S3Result<ReadConditions> parse_copy_conditions(const OperationRequest& request, std::chrono::sys_seconds now) {
  constexpr std::string_view modified = "x-amz-copy-source-if-modified-since";
  constexpr std::string_view unmodified = "x-amz-copy-source-if-unmodified-since";
  ReadConditions conditions{.if_match = text_of(request, "x-amz-copy-source-if-match"),
                            .if_none_match = text_of(request, "x-amz-copy-source-if-none-match"),
                            .if_modified_since = date_of(request, modified, now),
                            .if_unmodified_since = date_of(request, unmodified, now)};
  for (std::string_view header : {modified, unmodified}) {
    if (request.header(header) && !date_of(request, header, now)) {
      return failure(S3ErrorCode::invalid_argument, std::string(header) + " is not a date.");
    }
  }
  return conditions;
}

ConditionOutcome evaluate(const ReadConditions& conditions, const ObjectInfo& object) {
  if (conditions.if_match) {
    if (!matches(*conditions.if_match, object.etag, Comparison::strong)) return ConditionOutcome::precondition_failed;
  } else if (conditions.if_unmodified_since && in_seconds(object.last_modified) > *conditions.if_unmodified_since) {
    return ConditionOutcome::precondition_failed;
  }
  if (conditions.if_none_match) {
    if (matches(*conditions.if_none_match, object.etag, Comparison::weak)) return ConditionOutcome::not_modified;
  } else if (conditions.if_modified_since && in_seconds(object.last_modified) <= *conditions.if_modified_since) {
    return ConditionOutcome::not_modified;
  }
  return ConditionOutcome::proceed;
}

S3Result<void> check_copy_conditions(const ReadConditions& conditions, const ObjectInfo& source) {
  if (evaluate(conditions, source) == ConditionOutcome::proceed) return {};
  return failure(S3ErrorCode::precondition_failed);
}

bool if_range_holds(std::string_view if_range, const ObjectInfo& object) {
  if (if_range.starts_with('"')) return unquoted_etag(if_range) == object.etag;
  // The date must be the Last-Modified we sent, so its form is the one we send.
  return if_range == http::format_http_date(in_seconds(object.last_modified));
}

S3Result<WriteCondition> parse_write_condition(const OperationRequest& request) {
  for (std::string_view header : {"if-modified-since", "if-unmodified-since"}) {
    if (request.header(header)) {
      return failure(S3ErrorCode::not_implemented, std::string(header) + " is not a condition of writes.");
    }
  }
  std::optional<std::string_view> if_match = request.header("if-match");
  std::optional<std::string_view> if_none_match = request.header("if-none-match");
  if (if_match && if_none_match) {
    return failure(S3ErrorCode::invalid_request, "If-Match and If-None-Match exclude each other.");
  }
  for (const auto& etag : {if_match, if_none_match}) {
    if (!etag) continue;
    if (etag->contains(','))
      return failure(S3ErrorCode::not_implemented, "A write can be conditional on one ETag only.");
    if (unquoted_etag(*etag).empty()) return failure(S3ErrorCode::invalid_argument, "The condition names no ETag.");
  }
  WriteCondition condition;
  if (if_match) condition.if_match = std::string(unquoted_etag(*if_match));
  if (if_none_match == "*") {
    condition.if_none_match_any = true;
  } else if (if_none_match) {
    condition.if_none_match = std::string(unquoted_etag(*if_none_match));
  }
  return condition;
}

}  // namespace shoal::s3
