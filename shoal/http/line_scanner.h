#pragma once

#include <cstddef>
#include <string_view>

namespace shoal::http {

/// Cuts the lines of a head out of a buffer that grows between calls. Strict: a line ends with CRLF, and neither CR nor
/// LF nor any other control character but the tab stands elsewhere. Remembers how far it has looked, so a head that
/// arrives byte by byte costs no more than one that arrives whole; and gives the same lines and errors either way.
class LineScanner {
 public:
  enum class Outcome { line, need_more, bad_byte, too_long };

  /// The sum of all lines with their CRLF may be this long.
  explicit LineScanner(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// `buffer` starts with the same bytes as at the last call, perhaps at another address. On `line`, the next one
  /// without its CRLF is in `line`.
  Outcome next(std::string_view buffer, std::string_view& line);

  /// Whether it has looked at nothing yet.
  bool at_start() const { return looked_at_ == 0; }
  /// Bytes of all the lines returned so far, with their CRLF.
  std::size_t consumed() const { return line_start_; }

 private:
  std::size_t bytes_max_;
  std::size_t line_start_ = 0;
  std::size_t looked_at_ = 0;
};

}  // namespace shoal::http
