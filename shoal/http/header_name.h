#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "shoal/http/grammar.h"

namespace shoal::http {

/// Whether the connection itself writes the field: no handler may.
constexpr bool is_written_by_the_connection(std::string_view name) {
  constexpr auto names = std::to_array<std::string_view>({"content-length", "transfer-encoding", "connection", "date"});
  auto same = [](char written, char lower) {
    return written == lower || (written >= 'A' && written <= 'Z' && written - 'A' + 'a' == lower);
  };
  return std::ranges::any_of(
      names, [&](std::string_view own) { return own.size() == name.size() && std::ranges::equal(name, own, same); });
}

/// The name of a header line as it stands in the source; whether it can be one is decided when that is compiled.
class HeaderName {
 public:
  template <std::size_t bytes>
  consteval HeaderName(const char (&text)[bytes]) : text_(text, bytes - 1) {
    bool is_name = !text_.empty() && std::ranges::all_of(text_, [](char c) { return is_in(c, token_character); });
    if (!is_name || is_written_by_the_connection(text_)) throw "no name of a header line that a handler may write";
  }

  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace shoal::http
