#include "shoal/origin/origin_url.h"

#include <optional>

#include <fmt/format.h>

#include "shoal/base/text.h"
#include "shoal/http/host.h"

namespace shoal::origin {
namespace {

constexpr std::string_view http_scheme = "http://";
constexpr std::string_view https_scheme = "https://";

}  // namespace

Result<OriginUrl> OriginUrl::parse(std::string_view text) {
  auto wrong = failure(ErrorCode::invalid_argument, fmt::format("expected http://HOST:PORT or https://HOST, not '{}'",
                                                                text.contains('@') ? "(hidden: has an @)" : text));
  OriginUrl url;
  std::string_view authority = text;
  if (authority.starts_with(https_scheme)) {
    url.tls = true;
    url.port = 443;
    authority.remove_prefix(https_scheme.size());
  } else if (authority.starts_with(http_scheme)) {
    authority.remove_prefix(http_scheme.size());
  } else {
    return wrong;
  }
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (!http::is_host(authority)) return wrong;
  std::size_t host_end = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  std::string_view host = authority.substr(0, host_end);
  if (host.size() < authority.size()) {
    std::optional<std::uint64_t> port = parse_decimal(authority.substr(host.size() + 1));
    if (!port || *port == 0 || *port > 65'535) return wrong;
    url.port = static_cast<std::uint16_t>(*port);
  }
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  url.host = host;
  return url;
}

std::string OriginUrl::authority(std::string_view subdomain) const {
  std::string text;
  if (!subdomain.empty()) text.append(subdomain).append(".");
  bool v6 = host.find(':') != std::string::npos;
  text += v6 ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

}  // namespace shoal::origin
