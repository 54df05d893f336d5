#include <array>
#include <cstddef>
#include <cstdint>

#include "shoal/base/crc.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shoal {
namespace {

// All in the reflected form: the lowest bit belongs to the highest power of x.

constexpr std::uint64_t polynomial = 0x9A6C9329AC4BC9B5;  // 0xAD93D23594C93659, of CRC-64/NVME

constexpr std::uint64_t times_x(std::uint64_t value) { return (value & 1) != 0 ? value >> 1 ^ polynomial : value >> 1; }

// Eight tables, so that eight bytes are taken a step ("slicing by 8": Kounavis and Berry, 2005).
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = times_x(crc);
    tables[0][byte] = crc;
  }
  for (std::size_t table = 1; table < 8; ++table) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      std::uint64_t previous = tables[table - 1][byte];
      tables[table][byte] = previous >> 8 ^ tables[0][previous & 255];
    }
  }
  return tables;
}
constexpr Tables tables = make_tables();

std::uint64_t by_tables(ByteSpan bytes, std::uint64_t crc) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = crc ^ load_le<std::uint64_t>(at);
    crc = 0;
    for (std::size_t table = 0; table < 8; ++table) crc ^= tables[7 - table][word >> (8 * table) & 255];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ tables[0][(crc ^ std::to_integer<std::uint64_t>(*at)) & 255];
  return crc;
}

#if defined(__x86_64__)

constexpr std::size_t lane_bytes = 16;
constexpr std::size_t lanes = 4;
constexpr std::size_t step_bytes = lanes * lane_bytes;

constexpr std::uint64_t power_of_x(unsigned exponent) {
  std::uint64_t value = std::uint64_t{1} << 63;
  for (; exponent > 0; --exponent) value = times_x(value);
  return value;
}

/// What 16 bytes are multiplied by to stand so many bits further ahead: their first half, which has the higher powers,
/// and their second. A product of reflected factors is one bit short, hence the 1.
struct Distance {
  std::uint64_t first;
  std::uint64_t second;
};
constexpr Distance ahead(unsigned bits) { return {power_of_x(bits + 64 - 1), power_of_x(bits - 1)}; }

[[gnu::target("pclmul")]] inline __m128i moved(__m128i lane, __m128i distance) {
  return _mm_xor_si128(_mm_clmulepi64_si128(lane, distance, 0x00), _mm_clmulepi64_si128(lane, distance, 0x11));
}

inline __m128i to_vector(Distance distance) {
  return _mm_set_epi64x(static_cast<long long>(distance.second), static_cast<long long>(distance.first));
}

inline __m128i load(const std::byte* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

/// Of at least one step; what is behind the last whole step is left to the tables. V. Gopal and others, "Fast CRC
/// Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009.
[[gnu::target("pclmul")]] std::uint64_t by_folding(ByteSpan bytes, std::uint64_t crc) {
  const std::byte* at = bytes.data();
  __m128i lane[lanes];
  for (std::size_t i = 0; i < lanes; ++i) lane[i] = load(at + i * lane_bytes);
  lane[0] = _mm_xor_si128(lane[0], _mm_set_epi64x(0, static_cast<long long>(crc)));
  at += step_bytes;

  constexpr Distance step_ahead = ahead(8 * step_bytes);
  const __m128i step = to_vector(step_ahead);
  std::size_t left = bytes.size() - step_bytes;
  for (; left >= step_bytes; left -= step_bytes, at += step_bytes) {
    for (std::size_t i = 0; i < lanes; ++i) {
      lane[i] = _mm_xor_si128(moved(lane[i], step), load(at + i * lane_bytes));
    }
  }

  constexpr Distance lane_ahead = ahead(8 * lane_bytes);
  const __m128i next_lane = to_vector(lane_ahead);
  for (std::size_t i = 1; i < lanes; ++i) lane[i] = _mm_xor_si128(moved(lane[i - 1], next_lane), lane[i]);
  // These 16 bytes have the same CRC as all those before them.
  std::array<std::byte, lane_bytes> folded;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded.data()), lane[lanes - 1]);
  return by_tables(bytes.last(left), by_tables(folded, 0));
}

#endif

}  // namespace

std::uint64_t crc64nvme(ByteSpan bytes, std::uint64_t so_far) {
#if defined(__x86_64__)
  if (bytes.size() >= step_bytes) return ~by_folding(bytes, ~so_far);
#endif
  return ~by_tables(bytes, ~so_far);
}

}  // namespace shoal
