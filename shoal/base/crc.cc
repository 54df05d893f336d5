#include "shoal/base/crc.h"

#include <algorithm>
#include <array>

#include <isa-l/crc.h>

namespace shoal {
namespace {

// isa-l takes int lengths for CRC-32C.
constexpr std::size_t isal_length_max = std::size_t{1} << 30;

// Reflected form of the polynomial 0xAD93D23594C93659.
constexpr std::uint64_t crc64nvme_polynomial = 0x9A6C9329AC4BC9B5;

// Eight tables, so that eight bytes are folded a step ("slicing by 8": Kounavis & Berry, 2005).
using Crc64Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Crc64Tables make_crc64_tables() {
  Crc64Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ crc64nvme_polynomial : crc >> 1;
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
constexpr Crc64Tables crc64_tables = make_crc64_tables();

}  // namespace

std::uint32_t crc32c(ByteSpan bytes, std::uint32_t so_far) {
  std::uint32_t crc = ~so_far;
  while (!bytes.empty()) {
    ByteSpan step = bytes.first(std::min(bytes.size(), isal_length_max));
    // The library does not write through the pointer; its type is older than const.
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(step.data()));
    crc = crc32_iscsi(data, static_cast<int>(step.size()), crc);
    bytes = bytes.subspan(step.size());
  }
  return ~crc;
}

std::uint32_t crc32(ByteSpan bytes, std::uint32_t so_far) {
  return crc32_gzip_refl(so_far, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint64_t crc64nvme(ByteSpan bytes, std::uint64_t so_far) {
  std::uint64_t crc = ~so_far;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = crc ^ load_le<std::uint64_t>(at);
    crc = 0;
    for (std::size_t table = 0; table < 8; ++table) crc ^= crc64_tables[7 - table][word >> (8 * table) & 255];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ crc64_tables[0][(crc ^ std::to_integer<std::uint64_t>(*at)) & 255];
  return ~crc;
}

}  // namespace shoal
