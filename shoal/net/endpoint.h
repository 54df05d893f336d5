#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "shoal/base/result.h"

namespace shoal::net {

/// An IP address and a TCP port.
class Endpoint {
 public:
  Endpoint() = default;
  explicit Endpoint(boost::asio::ip::tcp::endpoint address) : address_(std::move(address)) {}

  /// Reads "127.0.0.1:9000" or "[::1]:9000". Names are not looked up; port 0 lets the system choose.
  static Result<Endpoint> parse(std::string_view text);
  static Endpoint loopback(std::uint16_t port);

  /// The form that parse() reads.
  std::string to_string() const;
  std::string address() const { return address_.address().to_string(); }
  std::uint16_t port() const { return address_.port(); }
  const boost::asio::ip::tcp::endpoint& native() const { return address_; }

  bool operator==(const Endpoint&) const = default;

 private:
  boost::asio::ip::tcp::endpoint address_;
};

}  // namespace shoal::net
