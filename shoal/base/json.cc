#include "shoal/base/json.h"

#include "shoal/base/hex.h"
#include "shoal/base/text.h"

namespace shoal {

void append_json_string(std::string& out, std::string_view text) {
  bool utf8 = is_utf8(text);
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      append_hex(out, as_bytes(std::string_view(&c, 1)));
    } else if (byte >= 0x80 && !utf8) {
      out += "\\ufffd";
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace shoal
