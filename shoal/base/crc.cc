#include "shoal/base/crc.h"

#include <algorithm>

#include <isa-l/crc.h>

namespace shoal {
namespace {

// isa-l takes int lengths for CRC-32C.
constexpr std::size_t isal_length_max = std::size_t{1} << 30;

#if defined(__x86_64__)
[[gnu::target("avx")]] void zero_upper_halves() { __builtin_ia32_vzeroupper(); }
#endif

/// isa-l's code for AVX-512 leaves the upper halves of vector registers in use. From then on each SSE instruction, for
/// which all of this program is compiled, also waits for whatever wrote its target register before, until the end of
/// the thread: requests took a sixth longer, documents of listings four times as long (Intel 64 and IA-32 Architectures
/// Optimization Reference Manual, "Mixing AVX code with SSE code").
class UpperHalvesGuard {
 public:
  UpperHalvesGuard() = default;
  UpperHalvesGuard(const UpperHalvesGuard&) = delete;
  UpperHalvesGuard& operator=(const UpperHalvesGuard&) = delete;
  ~UpperHalvesGuard() {
#if defined(__x86_64__)
    static const bool has_avx = __builtin_cpu_supports("avx") != 0;
    if (has_avx) zero_upper_halves();
#endif
  }
};

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
