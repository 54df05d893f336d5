#pragma once

#include <cstddef>
#include <span>

namespace shoal {

/// Overwrites `digits` characters of a text, from `at` on, with the last decimal digits of a number: for dates, whose
/// fields have a width. Without a loop.
template <std::size_t digits>
void put_digits(std::span<char> text, std::size_t at, unsigned value) {
  if constexpr (digits > 1) put_digits<digits - 1>(text, at, value / 10);
  text[at + digits - 1] = static_cast<char>('0' + value % 10);
}

}  // namespace shoal
