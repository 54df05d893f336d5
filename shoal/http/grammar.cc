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

bool all_in(std::string_view text, CharacterClass which) {
  return !text.empty() && std::ranges::all_of(text, [which](char c) { return is_in(c, which); });
}

}  // namespace

bool is_token(std::string_view text) { return all_in(text, token_character); }

bool is_target(std::string_view text) { return all_in(text, target_character); }

bool is_field_value(std::string_view text) { return find_control(text, 0) == text.size(); }

std::size_t find_control(std::string_view text, std::size_t from) {
  std::size_t at = from;
#ifdef __SSE2__
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7F);
  for (; at + 16 <= text.size(); at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    __m128i low_but_tab = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low);
    __m128i found = _mm_or_si128(low_but_tab, _mm_cmpeq_epi8(bytes, del));
    if (auto mask = static_cast<unsigned>(_mm_movemask_epi8(found)); mask != 0) {
      return at + static_cast<std::size_t>(std::countr_zero(mask));
    }
  }
#endif
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

}  // namespace shoal::http
