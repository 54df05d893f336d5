#include "shoal/model/write_condition.h"

namespace shoal {

Result<void> check_condition(const WriteCondition& condition, std::optional<std::string_view> present_etag) {
  if (condition.if_match) {
    if (!present_etag) return failure(ErrorCode::no_such_key, "If-Match of a key that does not exist");
    if (*condition.if_match != "*" && *condition.if_match != *present_etag) {
      return failure(ErrorCode::precondition_failed, "the object has another ETag");
    }
  }
  if (!present_etag) return {};
  if (condition.if_none_match_any) return failure(ErrorCode::precondition_failed, "the key exists already");
  if (condition.if_none_match == present_etag)
    return failure(ErrorCode::precondition_failed, "the object has this ETag");
  return {};
}

}  // namespace shoal
