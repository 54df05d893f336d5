#include "shoal/base/hex.h"

#include <array>
#include <cstring>
#include <string_view>

namespace shoal {
namespace {

using DigitPair = std::array<char, 2>;

constexpr std::array<DigitPair, 256> make_digit_pairs() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<DigitPair, 256> pairs{};
  for (unsigned byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
  return pairs;
}

constexpr std::array<DigitPair, 256> digit_pairs = make_digit_pairs();

}  // namespace

void write_hex(char* out, ByteSpan bytes) {
  for (std::byte b : bytes) {
    std::memcpy(out, digit_pairs[std::to_integer<unsigned>(b)].data(), sizeof(DigitPair));
    out += sizeof(DigitPair);
  }
}

void append_hex(std::string& out, ByteSpan bytes) {
  std::size_t size_before = out.size();
  out.resize(size_before + bytes.size() * 2);
  write_hex(out.data() + size_before, bytes);
}

bool read_hex(MutableByteSpan bytes, std::string_view text) {
  if (text.size() != 2 * bytes.size()) return false;
  int wrong = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    int value = hex_digit_value(text[2 * i]) << 4 | hex_digit_value(text[2 * i + 1]);
    wrong |= value;  // negative if either digit is none
    bytes[i] = static_cast<std::byte>(value);
  }
  return wrong >= 0;
}

}  // namespace shoal
