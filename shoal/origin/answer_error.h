#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/origin/origin_request.h"

namespace shoal::origin {

/// What an answer that is no success means.
struct Refusal {
  Error error;
  bool again = false;     ///< a later attempt may be answered otherwise
  bool no_effect = true;  ///< the origin surely did nothing
};

/// Reads the status and, where there is one, the <Error> document of an answer. Redirects are never followed: whatever
/// they point to has not been configured.
Refusal refusal_of(const OriginRequest& request, const OriginAnswer& answer);

/// The same for an <Error> that came with a status of success, as CompleteMultipartUpload may answer. Nothing of
/// `text` if it is no such document.
std::optional<Refusal> refusal_in(const OriginRequest& request, std::string_view text);

}  // namespace shoal::origin
