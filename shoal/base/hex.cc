#include "shoal/base/hex.h"

#include <array>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

#ifdef __SSE2__
/// The digit of each byte, which is below 16.
__m128i digits_of(__m128i values) {
  __m128i is_letter = _mm_cmpgt_epi8(values, _mm_set1_epi8(9));
  __m128i digits = _mm_add_epi8(values, _mm_set1_epi8('0'));
  return _mm_add_epi8(digits, _mm_and_si128(is_letter, _mm_set1_epi8('a' - '0' - 10)));
}

struct Digits {
  __m128i high;
  __m128i low;

  explicit Digits(__m128i bytes)
      : high(digits_of(_mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15)))),
        low(digits_of(_mm_and_si128(bytes, _mm_set1_epi8(15)))) {}
};

/// Of 16 bytes.
void write_block(char* out, const std::byte* bytes) {
  Digits digits(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(digits.high, digits.low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), _mm_unpackhi_epi8(digits.high, digits.low));
}

/// Of eight.
void write_half_block(char* out, const std::byte* bytes) {
  Digits digits(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(digits.high, digits.low));
}
#endif

}  // namespace

void write_hex(char* out, ByteSpan bytes) {
#ifdef __SSE2__
  for (; bytes.size() >= 16; bytes = bytes.subspan(16), out += 32) write_block(out, bytes.data());
  if (bytes.size() >= 8) {
    write_half_block(out, bytes.data());
    bytes = bytes.subspan(8);
    out += 16;
  }
#endif
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
