#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/base/result.h"

namespace shoal::origin {

/// Where an S3 service is: "https://s3.eu-west-1.amazonaws.com", "http://127.0.0.1:9000", "http://[::1]:9000".
struct OriginUrl {
  bool tls = false;
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = 80;

  /// invalid_argument for anything but a scheme (http or https), a host and perhaps a port.
  static Result<OriginUrl> parse(std::string_view text);

  /// What the Host header says; `subdomain` is put in front of it if it is not empty.
  std::string authority(std::string_view subdomain = {}) const;
  std::string to_string() const { return (tls ? "https://" : "http://") + authority(); }
};

}  // namespace shoal::origin
