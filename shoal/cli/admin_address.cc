#include "shoal/cli/admin_address.h"

#include <string>

#include <fmt/format.h>

#include "shoal/net/endpoint.h"

namespace shoal::cli {

Result<loadgen::ServerAddress> resolve_admin_address(std::string_view text) {
  if (text.starts_with("https://")) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("{}: the admin port of a server speaks http only; name it as http://HOST:PORT", text));
  }
  if (text.contains("://")) return loadgen::ServerAddress::resolve(text);
  if (!net::Endpoint::parse(text)) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("expected ADDRESS:PORT, [IPV6]:PORT or http://HOST:PORT, not '{}'", text));
  }
  return loadgen::ServerAddress::resolve("http://" + std::string(text));
}

}  // namespace shoal::cli
