#include "shoal/net/endpoint.h"

#include <limits>
#include <optional>

#include <boost/asio/ip/address.hpp>

#include "shoal/base/text.h"

namespace shoal::net {

Result<Endpoint> Endpoint::parse(std::string_view text) {
  auto refuse = [text] {
    return failure(ErrorCode::invalid_argument, "read '" + std::string(text) + "' as ADDRESS:PORT or [IPV6]:PORT");
  };
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  std::string_view host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::optional<std::uint64_t> port = parse_decimal(text.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return refuse();
  boost::system::error_code error;
  boost::asio::ip::address address = boost::asio::ip::make_address(host, error);
  if (error || address.is_v6() != bracketed) return refuse();
  return Endpoint({address, static_cast<std::uint16_t>(*port)});
}

Endpoint Endpoint::loopback(std::uint16_t port) { return Endpoint({boost::asio::ip::address_v4::loopback(), port}); }

std::string Endpoint::to_string() const {
  std::string host = address();
  if (address_.address().is_v6()) host = "[" + host + "]";
  return host + ":" + std::to_string(port());
}

}  // namespace shoal::net
