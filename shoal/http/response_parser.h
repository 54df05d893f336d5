#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shoal/http/framing.h"
#include "shoal/http/header_fields.h"
#include "shoal/http/line_scanner.h"
#include "shoal/http/request_parser.h"

namespace shoal::http {

/// What a response head may need at most.
struct ResponseLimits {
  std::size_t head_bytes_max = 64 * 1024;
  std::size_t header_count_max = HeaderFields::capacity;
};

/// The head of a response (RFC 9112 section 4), as a client receives it. Views point into the buffer that was parsed.
struct ReceivedResponseHead {
  int status = 0;  ///< 100 to 599
  std::string_view reason;
  Version version = Version::http_1_1;
  HeaderFields headers;
  std::size_t head_bytes = 0;

  BodyFraming framing = BodyFraming::none;
  std::optional<std::uint64_t>
      content_length;       ///< as announced; for HEAD and 304 it tells of a body that does not follow
  bool keep_alive = false;  ///< the connection can carry another request after this response
};

/// Reads one response head, as strictly as RequestParser and with the same guarantees. After an error the connection
/// has to be closed: nothing on it can be trusted.
class ResponseParser {
 public:
  explicit ResponseParser(ResponseLimits limits);

  /// Makes ready for the answer to a request; HEAD is answered without a body whatever the head says. Call it again
  /// after an interim response (1xx): the final one follows.
  void restart(bool request_was_head);

  /// `buffer` is everything received since the end of the previous message; it begins with the bytes of the last call,
  /// but may have moved.
  ParseOutcome parse(std::string_view buffer);

  /// Valid after `complete`, until restart() or until the buffer changes.
  const ReceivedResponseHead& head() const { return head_; }
  /// Valid after `error`: what was wrong, a constant sentence.
  std::string_view error_reason() const { return error_reason_; }

 private:
  ParseOutcome fail(std::string_view reason);
  bool parse_status_line(std::string_view line);
  BodyFraming framing_of_body() const;

  const ResponseLimits limits_;
  LineScanner lines_;
  bool request_was_head_ = false;
  bool status_line_done_ = false;
  std::size_t reason_bytes_ = 0;
  FramingFields framing_;
  ReceivedResponseHead head_;
  std::string_view error_reason_;
};

}  // namespace shoal::http
