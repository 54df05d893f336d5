#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/result.h"

namespace shoal {

/// What must hold at the moment a write takes effect; it is checked by the key's home in one step with the write. ETags
/// are without quotes.
struct WriteCondition {
  std::optional<std::string> if_match;       ///< the present ETag, or "*" for any
  std::optional<std::string> if_none_match;  ///< an ETag that the object must not have; others, and no object, are fine
  bool if_none_match_any = false;            ///< the key must not exist

  bool always() const { return !if_match && !if_none_match && !if_none_match_any; }
};

/// Whether a condition holds for the present object (nothing: there is none). A failed one is precondition_failed and
/// changes nothing; if_match on a missing key is no_such_key.
Result<void> check_condition(const WriteCondition& condition, std::optional<std::string_view> present_etag);

}  // namespace shoal
