#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
  HeaderLines& add(std::string_view name, std::string_view value);
  HeaderLines& add(std::string_view name, std::uint64_t value);
  /// All lines of the other, which passes on its invalidity too.
  HeaderLines& add(const HeaderLines& other);

  bool valid() const { return valid_; }
  /// "Name: value CR LF", once for each.
  std::string_view text() const { return text_; }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

 private:
  std::string text_;
  bool valid_ = true;
};

}  // namespace shoal::http
