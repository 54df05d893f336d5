#include "shoal/base/hex.h"

#include <string_view>

namespace shoal {

void write_hex(char* out, ByteSpan bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::byte b : bytes) {
    *out++ = digits[std::to_integer<unsigned>(b) >> 4];
    *out++ = digits[std::to_integer<unsigned>(b) & 15];
  }
}

void append_hex(std::string& out, ByteSpan bytes) {
  std::size_t size_before = out.size();
  out.resize(size_before + bytes.size() * 2);
  write_hex(out.data() + size_before, bytes);
}

}  // namespace shoal
