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

}  // namespace shoal
