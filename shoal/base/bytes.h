#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace shoal {

/// Borrowed bytes; travels down a call, never stays behind.
using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Copies `from` to the beginning of `to`, which has room for it; what is left of `to`. At the speed of memory, where
/// std::ranges::copy of libstdc++ 12 takes bytes out of const memory one by one.
inline MutableByteSpan copy_bytes(ByteSpan from, MutableByteSpan to) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
  return to.subspan(from.size());
}

inline constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
inline constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
inline constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }
inline constexpr std::uint64_t operator""_TiB(unsigned long long n) { return n << 40; }

/// Little-endian loads and stores for on-disk formats; no alignment needed.
template <typename Integer>
Integer load_le(const std::byte* from) {
  static_assert(std::endian::native == std::endian::little, "the formats are little-endian, and so are our machines");
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename Integer>
void store_le(std::byte* to, Integer value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace shoal
