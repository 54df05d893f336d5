#pragma once

#include <string>
#include <string_view>

#include "shoal/base/bytes.h"

namespace shoal {

/// Writes lower-case hexadecimal, two digits for each byte: to_hex() of text.h without a string of its own.
void write_hex(char* out, ByteSpan bytes);
/// Appends the same.
void append_hex(std::string& out, ByteSpan bytes);
/// The other way: whether `text` is so many bytes, in digits of either case. `bytes` is of no use where it is not.
bool read_hex(MutableByteSpan bytes, std::string_view text);

}  // namespace shoal
