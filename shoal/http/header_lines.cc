#include "shoal/http/header_lines.h"

#include <array>
#include <charconv>

#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool HeaderLines::is_whole_value(std::string_view text) {
  if (text.empty()) return true;
  return !is_blank(text.front()) && !is_blank(text.back()) && is_field_value(text);
}

HeaderLines& HeaderLines::add_named(std::string_view name, std::string_view value) {
  bool can_be_sent = is_token(name) && !is_written_by_the_connection(name) && is_whole_value(value);
  return can_be_sent ? append(name, ": ", value, "\r\n") : refuse();
}

HeaderLines& HeaderLines::add(HeaderName name, std::uint64_t value) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return add(name, std::string_view(digits.data(), end));
}

HeaderLines& HeaderLines::add(const HeaderLines& other) {
  valid_ = valid_ && other.valid_;
  return append(other.text());
}

}  // namespace shoal::http
