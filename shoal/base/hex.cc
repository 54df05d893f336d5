#include "shoal/base/hex.h"

#include <string_view>

namespace shoal {

void append_hex(std::string& out, ByteSpan bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::size_t size_before = out.size();
  out.resize(size_before + bytes.size() * 2);
  char* at = out.data() + size_before;
  for (std::byte b : bytes) {
    *at++ = digits[std::to_integer<unsigned>(b) >> 4];
    *at++ = digits[std::to_integer<unsigned>(b) & 15];
  }
}

}  // namespace shoal
