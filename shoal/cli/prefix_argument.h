#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/cache/object_prefix.h"

namespace shoal::cli {

/// "BUCKET", "BUCKET/PREFIX" or either behind "s3://".
Result<cache::ObjectPrefix> parse_prefix(std::string_view text);
/// As parameters of a query to the admin port.
std::string query_of(const cache::ObjectPrefix& prefix);

/// What the admin port says of names, as text.
std::string decoded(const std::string& name);

}  // namespace shoal::cli
