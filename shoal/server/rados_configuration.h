#pragma once

#include <string_view>

#include "shoal/base/result.h"
#include "shoal/rados/cluster.h"
#include "shoal/rados/rados_options.h"
#include "shoal/server/configuration.h"

namespace shoal::server {

/// Whether an origin.url names a RADOS pool: "rados://POOL" or "rados://POOL/NAMESPACE".
bool is_rados_url(std::string_view url);

/// What [origin] says of the cluster. invalid_argument names the option.
Result<rados::ClusterOptions> cluster_options_of(const Configuration& configuration);
/// And of how objects are kept there; without accounts.
rados::RadosOptions rados_options_of(const Configuration& configuration);

}  // namespace shoal::server
