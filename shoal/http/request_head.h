#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shoal/http/framing.h"
#include "shoal/http/header_fields.h"

namespace shoal::http {

/// What a request head may need at most. A head that needs more is answered 414 (target) or 431 (all else).
struct RequestLimits {
  std::size_t head_bytes_max = 32 * 1024;
  std::size_t target_bytes_max = 16 * 1024;
  std::size_t header_count_max = 160;  ///< at most HeaderFields::capacity
};

/// The head of a request (RFC 9112 section 3). Views point into the buffer that was parsed.
struct RequestHead {
  std::string_view method;  ///< a token, as sent; methods are case-sensitive
  std::string_view target;  ///< as sent: origin-form (starts with '/'), or `*` for OPTIONS
  Version version = Version::http_1_1;
  HeaderFields headers;
  std::size_t head_bytes = 0;  ///< from the first byte to the empty line inclusive: where the body starts

  std::string_view host;  ///< value of Host, with the port if one was sent; empty only in HTTP/1.0
  BodyFraming framing = BodyFraming::none;
  std::optional<std::uint64_t> content_length;  ///< as announced; present, and 0, for `Content-Length: 0`
  bool keep_alive = false;                      ///< the client lets the connection live on after the response
  bool expect_continue = false;                 ///< the client waits for 100 Continue, even if it announced 0 bytes
};

}  // namespace shoal::http
