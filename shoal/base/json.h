#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// Appends `text` as a JSON string, in quotes (RFC 8259 section 7). What is not UTF-8 has no form in JSON: of such a
/// text, each byte above 0x7F becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace shoal
