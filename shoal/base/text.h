#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/bytes.h"

namespace shoal {

/// Lower-case hexadecimal.
std::string to_hex(ByteSpan bytes);
/// Accepts both cases; nothing on an odd length or another character.
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

/// RFC 4648 section 4, with padding.
std::string to_base64(ByteSpan bytes);
/// Strict: padding required, no white space, no bits after the end.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

/// Decimal digits only (no sign, no spaces), within the range of the type.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

/// ASCII only: a locale must not change how a header is read.
std::string to_lower_ascii(std::string_view text);
bool equals_ignoring_ascii_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_ascii_case(std::string_view text, std::string_view prefix);
/// Without the spaces and tabs at both ends.
std::string_view trim_blanks(std::string_view text);

/// How many bytes both begin with.
std::size_t common_bytes(std::string_view a, std::string_view b);

/// Whether the bytes are well-formed UTF-8 (no overlong forms, no surrogates; RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace shoal
