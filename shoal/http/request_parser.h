#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shoal/http/framing.h"
#include "shoal/http/known_heads.h"
#include "shoal/http/line_scanner.h"
#include "shoal/http/request_head.h"

namespace shoal::http {

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
  /// `known` is borrowed for the parser's life, and may be shared by many; null: every head is read line by line.
  explicit RequestParser(RequestLimits limits, KnownHeads* known = nullptr);

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
  KnownHeads* const known_;
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
