#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/bytes.h"

namespace shoal {

/// 0 to 15, or -1 when the character is no hexadecimal digit.
constexpr int hex_digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Writes lower-case hexadecimal, two digits for each byte: to_hex() of text.h without a string of its own.
void write_hex(char* out, ByteSpan bytes);
/// Appends the same.
void append_hex(std::string& out, ByteSpan bytes);
/// The other way: whether `text` is so many bytes, in digits of either case. `bytes` is of no use where it is not.
bool read_hex(MutableByteSpan bytes, std::string_view text);

/// The bytes of which write_hex() writes just `text`, if it is so many of them: MD5s among ETags take half the room.
template <std::size_t size>
std::optional<std::array<std::byte, size>> bytes_of_lower_hex(std::string_view text) {
  std::array<std::byte, size> bytes;
  if (!read_hex(bytes, text)) return std::nullopt;
  std::array<char, 2 * size> digits;
  write_hex(digits.data(), bytes);
  if (std::string_view(digits.data(), digits.size()) != text) return std::nullopt;
  return bytes;
}

}  // namespace shoal
