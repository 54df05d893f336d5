#include "shoal/http/header_lines.h"

#include <array>
#include <charconv>
#include <cstring>

#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Whether the text can be the value of a line, without anything that a reader would take away.
bool is_whole_value(std::string_view text) {
  return text.empty() || (!is_blank(text.front()) && !is_blank(text.back()) && is_field_value(text));
}

char* put(char* out, std::string_view piece) {
  std::memcpy(out, piece.data(), piece.size());
  return out + piece.size();
}

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
  out = put(put(out, name), separator);
  if (quote.empty()) {
    out = put(out, value);
  } else {
    out = put(put(put(out, quote), value), quote);
  }
  put(out, end);
  return *this;
}

char* HeaderLines::extend(std::size_t bytes) {
  std::size_t at = text_.size();
  text_.resize(at + bytes, boost::container::default_init);
  return text_.data() + at;
}

}  // namespace shoal::http
