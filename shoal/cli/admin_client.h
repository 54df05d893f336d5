#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/net/endpoint.h"
#include "shoal/server/credentials_file.h"

namespace shoal::cli {

struct AdminAnswer {
  int status = 0;
  std::string text;
};

/// One request without a body to the admin port of a running server, signed with its keys. Blocks. `query` is
/// percent-encoded. Fails with io_error when nobody answers there.
Result<AdminAnswer> ask_admin(const net::Endpoint& endpoint, std::string_view method, std::string_view path,
                              std::string_view query, const server::RootCredentials& keys);

}  // namespace shoal::cli
