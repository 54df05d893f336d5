#include "shoal/http/header_lines.h"

#include <array>
#include <charconv>

#include "shoal/base/text.h"
#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

bool is_written_by_the_connection(std::string_view name) {
  switch (name.size()) {
    case std::string_view("content-length").size():
      return equals_ignoring_ascii_case(name, "content-length");
    case std::string_view("transfer-encoding").size():
      return equals_ignoring_ascii_case(name, "transfer-encoding");
    case std::string_view("connection").size():
      return equals_ignoring_ascii_case(name, "connection");
    case std::string_view("date").size():
      return equals_ignoring_ascii_case(name, "date");
    default:
      return false;
  }
}

}  // namespace

HeaderLines& HeaderLines::add(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value) || trim_blanks(value).size() != value.size() ||
      is_written_by_the_connection(name)) {
    valid_ = false;
    return *this;
  }
  text_.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

HeaderLines& HeaderLines::add(std::string_view name, std::uint64_t value) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return add(name, std::string_view(digits.data(), end));
}

HeaderLines& HeaderLines::add(const HeaderLines& other) {
  text_.append(other.text_);
  valid_ = valid_ && other.valid_;
  return *this;
}

}  // namespace shoal::http
