#pragma once

#include <functional>

#include "shoal/server/s3_call.h"

namespace shoal::server {

/// Changes what is attached to the object of the call: tags, access list. `change` may run more than once: another
/// write may come between our look at the object and the update, and then we look again, so that nothing is ever
/// attached to bytes that the client did not mean, and no error is shown for a race that S3 does not have.
Task<s3::S3Result<void>> update_object(S3Call& call, std::function<void(ObjectInfo&)> change);

}  // namespace shoal::server
