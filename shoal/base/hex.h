#pragma once

#include <string>

#include "shoal/base/bytes.h"

namespace shoal {

/// Appends lower-case hexadecimal, two digits for each byte: to_hex() of text.h without a string of its own.
void append_hex(std::string& out, ByteSpan bytes);

}  // namespace shoal
