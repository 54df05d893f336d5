#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/container/small_vector.hpp>

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
  HeaderLines& add(HeaderName name, std::string_view value) { return add_line(name.text(), "", value); }
  HeaderLines& add(HeaderName name, std::uint64_t value);
  /// The value between quotes.
  HeaderLines& add_quoted(HeaderName name, std::string_view value) { return add_line(name.text(), "\"", value); }
  /// A line whose name is known only now.
  HeaderLines& add_named(std::string_view name, std::string_view value);
  /// All lines of the other, which passes on its invalidity too.
  HeaderLines& add(const HeaderLines& other);

  bool valid() const { return valid_; }
  /// "Name: value CR LF", once for each.
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  /// Longer than most: then the lines of an answer cost no memory of their own.
  static constexpr std::size_t usual_bytes = 480;

  HeaderLines& add_line(std::string_view name, std::string_view quote, std::string_view value);
  /// Where so many further bytes go.
  char* extend(std::size_t bytes);

  boost::container::small_vector<char, usual_bytes> text_;
  bool valid_ = true;
};

}  // namespace shoal::http
