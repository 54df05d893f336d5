#pragma once

#include <cstdint>
#include <optional>

#include "shoal/http/header_fields.h"

namespace shoal::http {

enum class Version : std::uint8_t { http_1_0, http_1_1 };

/// How the end of a message's body is found (RFC 9112 section 6).
enum class BodyFraming : std::uint8_t {
  none,         ///< there is no body
  length,       ///< Content-Length bytes
  chunked,      ///< Transfer-Encoding: chunked
  until_close,  ///< responses only: the body ends with the connection
};

/// Collects the header lines that decide where a message ends and whether another may follow. Anything that two parsers
/// might read differently is refused: a repeated Content-Length even with equal values, Content-Length next to
/// Transfer-Encoding, a transfer coding other than a single `chunked`, any transfer coding in HTTP/1.0.
class FramingFields {
 public:
  /// Takes note of one line; false when it is not acceptable.
  bool observe(HeaderField field);
  /// Whether the lines seen agree with each other and with the version. Call after the last.
  bool consistent(Version version) const;

  std::optional<std::uint64_t> content_length() const { return content_length_; }
  bool chunked() const { return chunked_; }
  /// Whether the sender lets the connection live on: the default of its version, unless it says `close` or (1.0)
  /// `keep-alive`.
  bool keep_alive(Version version) const { return !close_ && (version == Version::http_1_1 || keep_alive_); }

 private:
  std::optional<std::uint64_t> content_length_;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace shoal::http
