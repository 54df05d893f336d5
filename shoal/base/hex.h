#pragma once

#include <string>

#include "shoal/base/bytes.h"

namespace shoal {

/// Writes lower-case hexadecimal, two digits for each byte: to_hex() of text.h without a string of its own.
void write_hex(char* out, ByteSpan bytes);
/// Appends the same.
void append_hex(std::string& out, ByteSpan bytes);

}  // namespace shoal
