#include "shoal/http/grammar.h"

#include <algorithm>
#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace shoal::http {
namespace {

constexpr bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

constexpr std::size_t block_bytes = 16;

#ifdef __SSE2__
__m128i load_block(const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

/// A bit for each of 16 bytes.
unsigned mask_of(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
constexpr unsigned whole_block = 0xFFFF;

__m128i is_between(__m128i bytes, char first, char last) {
  __m128i above_first = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(above_first, _mm_set1_epi8(static_cast<char>(last - first))), above_first);
}
__m128i is_byte(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
__m128i is_letter(__m128i bytes) { return is_between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z'); }

/// Whether `in_class(block)` is true of all bytes of a text of at least one block.
template <typename InClass>
bool all_blocks(std::string_view text, InClass in_class) {
  const char* last = text.data() + text.size() - block_bytes;
  for (const char* at = text.data(); at < last; at += block_bytes) {
    if (mask_of(in_class(load_block(at))) != whole_block) return false;
  }
  return mask_of(in_class(load_block(last))) == whole_block;
}

/// A bit for each control character but the tab.
unsigned controls_in(__m128i bytes) {
  __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  __m128i low_but_tab = _mm_andnot_si128(is_byte(bytes, '\t'), low);
  return mask_of(_mm_or_si128(low_but_tab, is_byte(bytes, 0x7F)));
}

__m128i in_target(__m128i bytes) {
  __m128i others = _mm_or_si128(is_byte(bytes, '"'), is_byte(bytes, '#'));
  others = _mm_or_si128(others, _mm_or_si128(is_byte(bytes, '<'), is_byte(bytes, '>')));
  others = _mm_or_si128(others, is_byte(bytes, '\\'));
  return _mm_andnot_si128(others, is_between(bytes, '!', '~'));
}

__m128i in_plain_path(__m128i bytes) {
  static_assert('.' == '-' + 1 && '/' == '.' + 1 && '0' == '/' + 1);
  __m128i low = _mm_or_si128(is_between(bytes, '-', '9'), is_letter(bytes));
  return _mm_or_si128(low, _mm_or_si128(is_byte(bytes, '_'), is_byte(bytes, '~')));
}
#endif

bool is_in_plain_path(char c) { return c == '/' || is_in(c, unreserved_character); }

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && count_token_characters(text) == text.size(); }

std::size_t count_token_characters(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; at + block_bytes <= text.size(); at += block_bytes) {
    __m128i bytes = load_block(text.data() + at);
    // What names of header lines are made of; the others are few, and looked at below.
    __m128i usual = _mm_or_si128(is_letter(bytes), _mm_or_si128(is_between(bytes, '0', '9'), is_byte(bytes, '-')));
    unsigned mask = mask_of(usual);
    if (mask == whole_block) continue;
    at += static_cast<std::size_t>(std::countr_one(mask));
    break;
  }
#endif
  while (at < text.size() && is_in(text[at], token_character)) ++at;
  return at;
}

bool is_target(std::string_view text) {
#ifdef __SSE2__
  if (text.size() >= block_bytes) return all_blocks(text, in_target);
#endif
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_in(c, target_character); });
}

bool is_plain_path(std::string_view text) {
#ifdef __SSE2__
  if (text.size() >= block_bytes) return all_blocks(text, in_plain_path);
#endif
  return std::ranges::all_of(text, is_in_plain_path);
}

bool is_field_value(std::string_view text) { return find_control(text, 0) == text.size(); }

std::size_t find_control(std::string_view text, std::size_t from) {
  std::size_t at = from;
#ifdef __SSE2__
  for (; at + block_bytes <= text.size(); at += block_bytes) {
    unsigned mask = controls_in(load_block(text.data() + at));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
  if (text.size() >= block_bytes && at < text.size()) {
    // What is left is shorter than a block: one that ends with it, without what was looked at already.
    std::size_t block_at = text.size() - block_bytes;
    unsigned mask = controls_in(load_block(text.data() + block_at)) >> (at - block_at);
    return mask == 0 ? text.size() : at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

}  // namespace shoal::http
