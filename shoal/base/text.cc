#include "shoal/base/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "shoal/base/hex.h"

namespace shoal {
namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_base64_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < base64_digits.size(); ++i) {
    values[static_cast<unsigned char>(base64_digits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto base64_values = make_base64_values();

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Each of eight bytes as lower() has it.
std::uint64_t lower_eight(std::uint64_t bytes) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t top_bits = 0x80 * ones;
  std::uint64_t sevens = bytes & ~top_bits;
  // Bit 7 of each byte: whether it is at least 'A', and whether it is more than 'Z'. No sum reaches the next byte.
  std::uint64_t from_a = sevens + (0x80 - 'A') * ones;
  std::uint64_t above_z = sevens + (0x80 - 'Z' - 1) * ones;
  std::uint64_t is_upper = (from_a ^ above_z) & ~bytes & top_bits;
  return bytes | is_upper >> 2;
}

/// The first and the last `Half` of a text of 4 to 8 or 8 to 16 bytes, which may overlap.
template <typename Half>
bool ends_equal_ignoring_case(std::string_view a, std::string_view b) {
  auto is_same = [&](std::size_t at) {
    Half left;
    Half right;
    std::memcpy(&left, a.data() + at, sizeof left);
    std::memcpy(&right, b.data() + at, sizeof right);
    return left == right || lower_eight(left) == lower_eight(right);
  };
  return is_same(0) && is_same(a.size() - sizeof(Half));
}

}  // namespace

std::string to_hex(ByteSpan bytes) {
  std::string text;
  append_hex(text, bytes);
  return text;
}

std::optional<std::vector<std::byte>> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes(text.size() / 2);
  if (!read_hex(bytes, text)) return std::nullopt;
  return bytes;
}

std::string to_base64(ByteSpan bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? std::to_integer<unsigned>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) {
      text.push_back(j <= count ? base64_digits[group >> (18 - 6 * j) & 63] : '=');
    }
  }
  return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    bool last = i + 4 == text.size();
    std::size_t padding = last ? (text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0) : 0;
    unsigned group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      int value = j >= 4 - padding ? 0 : base64_values[static_cast<unsigned char>(text[i + j])];
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<unsigned>(value);
    }
    if (padding > 0 && (group & ((1U << (8 * padding)) - 1)) != 0) return std::nullopt;
    for (std::size_t j = 0; j < 3 - padding; ++j) bytes.push_back(static_cast<std::byte>(group >> (16 - 8 * j) & 255));
  }
  return bytes;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string to_lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

bool equals_ignoring_ascii_case(std::string_view a, std::string_view b) {
  constexpr std::size_t step = 2 * sizeof(std::uint64_t);
  if (a.size() != b.size()) return false;
  for (; a.size() > step; a.remove_prefix(step), b.remove_prefix(step)) {
    if (!ends_equal_ignoring_case<std::uint64_t>(a.substr(0, step), b)) return false;
  }
  if (a.size() >= sizeof(std::uint64_t)) return ends_equal_ignoring_case<std::uint64_t>(a, b);
  if (a.size() >= sizeof(std::uint32_t)) return ends_equal_ignoring_case<std::uint32_t>(a, b);
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_ignoring_ascii_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignoring_ascii_case(text.substr(0, prefix.size()), prefix);
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::size_t common_bytes(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
    std::uint64_t of_a = 0;
    std::uint64_t of_b = 0;
    std::memcpy(&of_a, a.data() + at, sizeof of_a);
    std::memcpy(&of_b, b.data() + at, sizeof of_b);
    if (of_a == of_b) continue;
    static_assert(std::endian::native == std::endian::little);
    return at + static_cast<std::size_t>(std::countr_zero(of_a ^ of_b)) / 8;
  }
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  auto continuation = [&](std::size_t at, unsigned low, unsigned high) {
    if (at >= text.size()) return false;
    auto c = static_cast<unsigned char>(text[at]);
    return c >= low && c <= high;
  };
  while (i < text.size()) {
    std::uint64_t eight;
    if (text.size() - i >= sizeof eight) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      constexpr std::uint64_t top_bits = 0x8080'8080'8080'8080;
      if ((eight & top_bits) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      i += 1;
    } else if (c >= 0xC2 && c <= 0xDF) {
      if (!continuation(i + 1, 0x80, 0xBF)) return false;
      i += 2;
    } else if (c >= 0xE0 && c <= 0xEF) {
      unsigned low = c == 0xE0 ? 0xA0 : 0x80;
      unsigned high = c == 0xED ? 0x9F : 0xBF;
      if (!continuation(i + 1, low, high) || !continuation(i + 2, 0x80, 0xBF)) return false;
      i += 3;
    } else if (c >= 0xF0 && c <= 0xF4) {
      unsigned low = c == 0xF0 ? 0x90 : 0x80;
      unsigned high = c == 0xF4 ? 0x8F : 0xBF;
      if (!continuation(i + 1, low, high) || !continuation(i + 2, 0x80, 0xBF) || !continuation(i + 3, 0x80, 0xBF)) {
        return false;
      }
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace shoal
