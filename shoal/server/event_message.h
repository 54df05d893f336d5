#pragma once

#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/model/object_key.h"

namespace shoal::server {

/// The objects that a message about events names, with their bucket's name at the origin. Understands what S3, Ceph RGW
/// and MinIO send ("Amazon S3 User Guide", Event message structure: Records, whose keys are URL-encoded) and what
/// EventBridge does (detail, whose key is not). A message about something else names none. Which of the two forms a
/// name has is not always certain: it is given in both then, as a hint too many does no harm.
///
/// invalid_argument if it is no JSON object.
Result<std::vector<ObjectKey>> objects_of_event_message(std::string_view json);

}  // namespace shoal::server
