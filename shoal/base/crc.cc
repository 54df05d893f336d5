#include "shoal/base/crc.h"

#include <algorithm>

#include <isa-l/crc.h>

#include "shoal/base/upper_halves_guard.h"

namespace shoal {
namespace {

// isa-l takes int lengths for CRC-32C.
constexpr std::size_t isal_length_max = std::size_t{1} << 30;

}  // namespace

std::uint32_t crc32c(ByteSpan bytes, std::uint32_t so_far) {
  UpperHalvesGuard guard;
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
  UpperHalvesGuard guard;
  return crc32_gzip_refl(so_far, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace shoal
