#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::http {

/// What the framing of a chunked body may need at most; more is malformed.
struct ChunkedLimits {
  std::size_t size_line_bytes_max = 256;        ///< one chunk-size line with its extensions, without CRLF
  std::size_t extension_bytes_max = 16 * 1024;  ///< the extensions of all chunks of one body together
  std::size_t trailer_bytes_max = 8 * 1024;     ///< the trailer section
  std::size_t trailer_count_max = 32;
};

/// A header line that came after the body.
struct Trailer {
  std::string name;
  std::string value;
};

/// Takes the chunked transfer coding off a body that arrives in pieces (RFC 9112 section 7.1). Strict: CRLF everywhere,
/// a size of at most 15 hexadecimal digits directly at the start of the line, extensions (ignored) only after `;`.
/// Trailers that would change framing or routing are refused. Bodies are not copied: `data` views the input.
class ChunkedDecoder {
 public:
  enum class Outcome : std::uint8_t {
    need_more,  ///< all input is used up
    data,       ///< `data` holds the next bytes of the body, never empty; call again with what follows `consumed`
    complete,   ///< the body and its trailers ended; what follows `consumed` is the next message
    error,      ///< malformed; stays so
  };
  struct Step {
    Outcome outcome;
    std::size_t consumed;
    std::string_view data;
  };

  explicit ChunkedDecoder(ChunkedLimits limits = {}) : limits_(limits) {}

  /// Takes the input from where the last step ended, and gives at most `data_bytes_max` > 0 bytes of the body. Do not
  /// call after `complete`.
  Step decode(std::string_view input, std::size_t data_bytes_max = std::string_view::npos);

  /// Valid after `complete`.
  const std::vector<Trailer>& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_lf,
    complete,
    error
  };

  /// Each takes one byte of framing and returns the state after it.
  State take_size(char c);
  State take_extension(char c);
  State take_trailer(char c);
  State end_size_line() const;
  State end_trailer_line();

  ChunkedLimits limits_;
  State state_ = State::size;
  std::uint64_t chunk_bytes_left_ = 0;
  std::size_t size_digits_ = 0;
  std::size_t size_line_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string trailer_line_;
  std::vector<Trailer> trailers_;
};

}  // namespace shoal::http
