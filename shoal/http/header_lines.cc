#include "shoal/http/header_lines.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "shoal/base/text.h"
#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

/// Whether the text can be the value of a line, without anything that a reader would take away.
bool is_whole_value(std::string_view text) { return trim_blanks(text).size() == text.size() && is_field_value(text); }

char* put(char* out, std::string_view piece) { return std::ranges::copy(piece, out).out; }

}  // namespace

HeaderLines& HeaderLines::add_named(std::string_view name, std::string_view value) {
  if (is_token(name) && !is_written_by_the_connection(name)) return add_line(name, "", value);
  valid_ = false;
  return *this;
}

HeaderLines& HeaderLines::add(HeaderName name, std::uint64_t value) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return add(name, std::string_view(digits.data(), end));
}

HeaderLines& HeaderLines::add(const HeaderLines& other) {
  put(extend(other.text_.size()), other.text());
  valid_ = valid_ && other.valid_;
  return *this;
}

HeaderLines& HeaderLines::add_line(std::string_view name, std::string_view quote, std::string_view value) {
  if (!is_whole_value(value)) {
    valid_ = false;
    return *this;
  }
  constexpr std::string_view separator = ": ";
  constexpr std::string_view end = "\r\n";
  char* out = extend(name.size() + separator.size() + value.size() + 2 * quote.size() + end.size());
  for (std::string_view piece : {name, separator, quote, value, quote, end}) out = put(out, piece);
  return *this;
}

char* HeaderLines::extend(std::size_t bytes) {
  std::size_t at = text_.size();
  text_.resize(at + bytes, boost::container::default_init);
  return text_.data() + at;
}

}  // namespace shoal::http
