#pragma once

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/origin/origin_answer.h"
#include "shoal/origin/origin_request.h"

namespace shoal::origin {

/// Requests that nobody here interprets, for whoever has all of the API behind him. One loop.
class Forwarding {
 public:
  virtual ~Forwarding() = default;

  /// Makes it as it is but for its signature and what belongs to a connection, and gives back the answer in the same
  /// way: refusals are answers too, unless they are about us (401, 403) or for now (408, 429, 5xx). Errors as of
  /// OriginClient::fetch(). Header names in lower case.
  virtual Task<Result<OriginAnswer>> forward(OriginRequest request) = 0;
};

}  // namespace shoal::origin
