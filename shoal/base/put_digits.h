#pragma once

#include <cstddef>
#include <span>

namespace shoal {

/// Overwrites `digits` characters of a text, from `at` on, with the last decimal digits of a number: for dates, whose
/// fields have a width.
inline void put_digits(std::span<char> text, std::size_t at, std::size_t digits, unsigned value) {
  for (std::size_t i = at + digits; i-- > at; value /= 10) text[i] = static_cast<char>('0' + value % 10);
}

}  // namespace shoal
