#include "shoal/http/host.h"

#include <algorithm>

#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

bool is_port_suffix(std::string_view text) {
  if (text.empty()) return true;
  return text.front() == ':' && text.size() <= 6 && std::ranges::all_of(text.substr(1), is_digit);
}

}  // namespace

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return false;
    std::string_view address = text.substr(1, bracket - 1);
    auto in_address = [](char c) { return is_in(c, hex_character) || c == ':' || c == '.'; };
    return address.size() >= 2 && std::ranges::all_of(address, in_address) && is_port_suffix(text.substr(bracket + 1));
  }
  std::size_t name_end = std::min(text.find(':'), text.size());
  std::string_view name = text.substr(0, name_end);
  auto in_name = [](char c) { return is_in(c, unreserved_character); };
  return !name.empty() && std::ranges::all_of(name, in_name) && is_port_suffix(text.substr(name_end));
}

}  // namespace shoal::http
