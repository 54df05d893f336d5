#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "shoal/model/object_info.h"
#include "shoal/model/object_store.h"
#include "shoal/s3/error.h"
#include "shoal/s3/operation_request.h"

namespace shoal::s3 {

/// The conditions of a read, or those that a copy puts on its source. ETag lists as they were sent.
struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<std::chrono::sys_seconds> if_modified_since;
  std::optional<std::chrono::sys_seconds> if_unmodified_since;
};

/// From If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since. `now` is the time of the request: it
/// settles the century of two-digit years. A date that is none is ignored (RFC 9110 section 13.1.3).
ReadConditions parse_read_conditions(const OperationRequest& request, std::chrono::sys_seconds now);

/// From x-amz-copy-source-if-*. A date that is none is InvalidArgument: ignoring it could copy what must not be copied.
S3Result<ReadConditions> parse_copy_conditions(const OperationRequest& request, std::chrono::sys_seconds now);

enum class ConditionOutcome {
  proceed,
  not_modified,         ///< answer 304
  precondition_failed,  ///< answer 412
};

/// For GET and HEAD. If-Match decides before If-Unmodified-Since, If-None-Match before If-Modified-Since (RFC 9110
/// section 13.2.2, and "Conditional requests" of the S3 user guide). Time counts in whole seconds, as Last-Modified
/// shows it.
ConditionOutcome evaluate(const ReadConditions& conditions, const ObjectInfo& object);

/// For the source of a copy, where every condition that does not hold is PreconditionFailed.
S3Result<void> check_copy_conditions(const ReadConditions& conditions, const ObjectInfo& source);

/// Whether an If-Range header lets the Range header count (RFC 9110 section 13.1.5).
bool if_range_holds(std::string_view if_range, const ObjectInfo& object);

/// From If-Match and If-None-Match of a write. Several ETags and dates are NotImplemented, as in S3.
S3Result<WriteCondition> parse_write_condition(const OperationRequest& request);

/// An ETag without its quotes, as the model has it. Quotes may be missing: many clients leave them away.
std::string_view unquoted_etag(std::string_view text);

}  // namespace shoal::s3
