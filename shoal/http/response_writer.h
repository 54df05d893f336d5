#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/http/header_lines.h"

namespace shoal::http {

/// The head of a response as a handler states it. How the body is framed, Date and Connection are the connection's
/// business.
struct ResponseHead {
  int status = 200;
  HeaderLines headers;
  /// For answers whose body does not follow: to HEAD, and 304. Elsewhere the body's own length is announced.
  std::optional<std::uint64_t> content_length;
};

/// What the connection adds to a head.
struct ConnectionLines {
  std::string_view date;  ///< an IMF-fixdate (date.h), kept by the caller for a second; no line when empty
  std::optional<std::uint64_t> content_length;
  bool chunked = false;     ///< not together with content_length
  bool close = false;       ///< says `Connection: close`
  bool keep_alive = false;  ///< says `Connection: keep-alive`, which HTTP/1.0 clients wait for
};

/// Appends the whole head with its empty line. The error is invalid_argument, and `out` is as it was, when the head's
/// lines are not valid or its status is not 100 to 599.
Result<void> append_response_head(std::string& out, const ResponseHead& head, const ConnectionLines& connection);

/// The interim response that lets a client send its body.
inline constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

/// What stands before the data of one chunk of `bytes` > 0 (its size and CRLF); after the data comes `chunk_end`.
void append_chunk_start(std::string& out, std::uint64_t bytes);
inline constexpr std::string_view chunk_end = "\r\n";
/// Ends a chunked body without trailers; follows the chunk_end of the last chunk.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace shoal::http
