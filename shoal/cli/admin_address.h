#pragma once

#include <string_view>

#include "shoal/base/result.h"
#include "shoal/loadgen/server_address.h"

namespace shoal::cli {

/// Where the admin port of a running server is, as a person names it: "127.0.0.1:9001", or "http://host:9001/". Looks
/// names up, which may block. invalid_argument for anything else, also for https, which no admin port speaks; io_error
/// when there is no such host.
Result<loadgen::ServerAddress> resolve_admin_address(std::string_view text);

}  // namespace shoal::cli
