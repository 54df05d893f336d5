#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal::http {

/// Characters by what they may be part of (RFC 9110 section 5.6.2, RFC 3986 section 2).
enum CharacterClass : std::uint8_t {
  token_character = 1,       ///< tchar: methods, header names, list members
  target_character = 2,      ///< a request target as we accept it, see is_target()
  unreserved_character = 4,  ///< what percent-encoding leaves alone
  hex_character = 8,
};

namespace internal {
constexpr std::array<std::uint8_t, 256> make_character_classes() {
  std::array<std::uint8_t, 256> classes{};
  auto mark = [&classes](std::string_view characters, unsigned which) {
    for (char c : characters) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | which);
    }
  };
  mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~",
       token_character | unreserved_character | target_character);
  mark("0123456789abcdefABCDEF", hex_character);
  classes['~'] = token_character | unreserved_character | target_character;
  mark("!#$%&'*+^`|", token_character);
  mark("!$&'()*+,;=:@/?%[]{}|^`", target_character);
  return classes;
}
inline constexpr std::array<std::uint8_t, 256> character_classes = make_character_classes();
}  // namespace internal

constexpr bool is_in(char c, CharacterClass which) {
  return (internal::character_classes[static_cast<unsigned char>(c)] & which) != 0;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// One or more tchar.
bool is_token(std::string_view text);
/// How many tchar the text begins with.
std::size_t count_token_characters(std::string_view text);

/// Characters that a request target may hold: those of RFC 3986, and `[ ] { } | ^ `` ` which browsers leave unencoded.
/// No white space, quotes, angle brackets, backslash, fragment or byte outside ASCII.
bool is_target(std::string_view text);

/// Only unreserved characters and slashes: a path that percent-encoding would leave as it is.
bool is_plain_path(std::string_view text);

/// A header value as RFC 9110 section 5.5 wants it: no control character but the tab; bytes from 0x80 are opaque.
bool is_field_value(std::string_view text);

/// The first control character (0x00 to 0x1F but the tab, and 0x7F) at or after `from`, or text.size(). Looks at 16
/// bytes at a time; this is where most of a head's parsing time goes.
std::size_t find_control(std::string_view text, std::size_t from);

}  // namespace shoal::http
