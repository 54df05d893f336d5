#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "shoal/http/growing_text.h"
#include "shoal/http/header_name.h"

namespace shoal::http {

/// Header lines as they go on the wire. Built once and kept where the same lines are sent many times (those that belong
/// to an object); a response is then one copy.
///
/// A line that could not be sent as it is — a name that is no token, CR, LF, NUL or another control character in the
/// value, white space at an end of the value, a field that the connection itself writes (Content-Length,
/// Transfer-Encoding, Connection, Date) — is left out and makes the whole object invalid for good: a writer refuses it,
/// so a client's bytes can never split a response.
class HeaderLines {
 public:
  HeaderLines& add(HeaderName name, std::string_view value) {
    return is_whole_value(value) ? append(name.text(), ": ", value, "\r\n") : refuse();
  }
  HeaderLines& add(HeaderName name, std::uint64_t value);
  /// The value between quotes.
  HeaderLines& add_quoted(HeaderName name, std::string_view value) {
    return is_whole_value(value) ? append(name.text(), ": \"", value, "\"\r\n") : refuse();
  }
  /// A line whose name is known only now.
  HeaderLines& add_named(std::string_view name, std::string_view value);
  /// All lines of the other, which passes on its invalidity too.
  HeaderLines& add(const HeaderLines& other);

  bool valid() const { return valid_; }
  /// "Name: value CR LF", once for each.
  std::string_view text() const { return text_.view(); }

 private:
  /// Longer than most: then the lines of an answer cost no memory of their own.
  static constexpr std::size_t usual_bytes = 480;

  /// Whether the text can be the value of a line, without anything that a reader would take away.
  static bool is_whole_value(std::string_view text);
  /// The sizes of literals are part of their types, so that nothing of these is left to be found out at run time.
  template <typename... Pieces>
  HeaderLines& append(const Pieces&... pieces) {
    char* out = text_.extend((size_of(pieces) + ...));
    ((out = put(out, pieces)), ...);
    return *this;
  }
  static std::size_t size_of(std::string_view piece) { return piece.size(); }
  template <std::size_t bytes>
  static constexpr std::size_t size_of(const char (&)[bytes]) {
    return bytes - 1;
  }
  static char* put(char* out, std::string_view piece) { return out + piece.copy(out, piece.size()); }
  template <std::size_t bytes>
  static char* put(char* out, const char (&literal)[bytes]) {
    std::memcpy(out, literal, bytes - 1);
    return out + bytes - 1;
  }
  HeaderLines& refuse() {
    valid_ = false;
    return *this;
  }

  GrowingText<usual_bytes> text_;
  bool valid_ = true;
};

}  // namespace shoal::http
