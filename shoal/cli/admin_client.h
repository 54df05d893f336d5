#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/loadgen/server_address.h"
#include "shoal/server/credentials_file.h"

namespace shoal::cli {

struct AdminAnswer {
  int status = 0;
  std::string text;
};

/// One request without a body to the admin port of a running server, signed with its keys. Blocks. `query` is
/// percent-encoded. Fails with io_error when nobody answers there, at none of its addresses.
Result<AdminAnswer> ask_admin(const loadgen::ServerAddress& address, std::string_view method, std::string_view path,
                              std::string_view query, const server::RootCredentials& keys);

}  // namespace shoal::cli
