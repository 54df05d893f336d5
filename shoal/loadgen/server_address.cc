#include "shoal/loadgen/server_address.h"

#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>

#include "shoal/base/text.h"

namespace shoal::loadgen {
namespace {

constexpr std::string_view scheme = "http://";

struct HostAndPort {
  std::string host;  // without brackets
  std::string port;
};

Result<HostAndPort> split(std::string_view url) {
  auto wrong = [&] {
    return failure(ErrorCode::invalid_argument, fmt::format("expected http://HOST:PORT, not '{}'", url));
  };
  if (url.starts_with("https://")) {
    return failure(ErrorCode::invalid_argument, "https is not supported by the load generator: give an http:// URL");
  }
  if (!url.starts_with(scheme)) return wrong();
  std::string_view authority = url.substr(scheme.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.empty() || authority.find_first_of("/?#@") != std::string_view::npos) return wrong();
  std::size_t host_end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (authority.starts_with('[')) {
    if (host_end == std::string_view::npos) return wrong();
    ++host_end;
  }
  std::string_view host = authority.substr(0, host_end);
  std::string_view port = "80";
  if (host.size() < authority.size()) {
    if (authority[host.size()] != ':') return wrong();
    port = authority.substr(host.size() + 1);
  }
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  auto number = parse_decimal(port);
  if (host.empty() || !number || *number == 0 || *number > 65'535) return wrong();
  return HostAndPort{std::string(host), std::string(port)};
}

}  // namespace

Result<ServerAddress> ServerAddress::resolve(std::string_view url) {
  TRY_ASSIGN(HostAndPort parts, split(url));
  ServerAddress server;
  bool bracketed = parts.host.find(':') != std::string::npos;
  server.host = bracketed ? "[" + parts.host + "]" : parts.host;
  if (parts.port != "80") server.host += ":" + parts.port;

  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int error = ::getaddrinfo(parts.host.c_str(), parts.port.c_str(), &wanted, &found);
  if (error != 0) {
    return failure(ErrorCode::io_error, fmt::format("no address for {}: {}", parts.host, ::gai_strerror(error)));
  }
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Socket socket;
    std::memcpy(&socket.address, each->ai_addr, each->ai_addrlen);
    socket.bytes = each->ai_addrlen;
    server.sockets.push_back(socket);
  }
  return server;
}

}  // namespace shoal::loadgen
