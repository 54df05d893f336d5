#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shoal/http/framing.h"
#include "shoal/http/header_fields.h"
#include "shoal/http/line_scanner.h"

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

enum class ParseOutcome : std::uint8_t { need_more, complete, error };

/// Reads one request head out of a buffer that fills up between calls, strictly: what RFC 9112 lets a recipient repair
/// (bare LF, empty lines in front, folded lines, white space around names, several Content-Length, absolute targets) is
/// refused, because a proxy before us may repair it differently (request smuggling). After an error the rest of the
/// connection has no meaning: answer error_status() and close.
///
/// Allocates nothing; does not look at a byte twice when the head comes in pieces; the outcome does not depend on the
/// pieces. Not for several threads at once.
class RequestParser {
 public:
  explicit RequestParser(RequestLimits limits);

  /// `buffer` is everything received since the end of the previous message; it begins with the bytes of the last call,
  /// but may have moved. After `complete` or `error`, call restart() first.
  ParseOutcome parse(std::string_view buffer);

  /// Valid after `complete`, until restart() or until the buffer changes.
  const RequestHead& head() const { return head_; }
  /// Valid after `error`: 400, 414, 431, 501 or 505.
  int error_status() const { return error_status_; }
  /// Valid after `error`: what was wrong, a constant sentence.
  std::string_view error_reason() const { return error_reason_; }

  /// Makes ready for the next head.
  void restart();

 private:
  struct Part {
    std::size_t at = 0;
    std::size_t bytes = 0;
  };

  ParseOutcome fail(int status, std::string_view reason);
  bool parse_request_line(std::string_view line);
  bool parse_version(std::string_view text);
  bool parse_header_line(std::string_view buffer, std::string_view line);
  bool finish(std::string_view buffer);

  const RequestLimits limits_;
  LineScanner lines_;
  bool request_line_done_ = false;
  bool has_host_ = false;
  Part method_;
  Part target_;
  Part host_;
  FramingFields framing_;
  RequestHead head_;
  int error_status_ = 0;
  std::string_view error_reason_;
};

}  // namespace shoal::http
