#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/model/checksum.h"

namespace shoal::origin {

/// The aws-chunked framing of a body that is sent as one chunk, unsigned, with its checksum behind it ("Including
/// Trailing Headers" of the S3 API reference):
///
///     <size in hex> CRLF <body> CRLF 0 CRLF <header of the checksum>:<value> CRLF CRLF
class ChecksumTrailer {
 public:
  ChecksumTrailer(ChecksumAlgorithm algorithm, std::uint64_t body_bytes)
      : algorithm_(algorithm), body_bytes_(body_bytes) {}

  std::string before_body() const;
  /// `value` is the checksum of the body, base64.
  std::string after_body(std::string_view value) const;
  /// Size of the body with its frame: known beforehand, since all values of an algorithm are of one length.
  std::uint64_t framed_bytes() const;

 private:
  ChecksumAlgorithm algorithm_;
  std::uint64_t body_bytes_;
};

}  // namespace shoal::origin
