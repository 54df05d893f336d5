#pragma once

namespace shoal {

/// Goes around code of others that may leave the upper halves of vector registers in use: isa-l's CRCs for AVX-512 and
/// OpenSSL's ChaCha20 do. From then on each SSE instruction of the thread, for which all of this program is compiled,
/// also waits for whatever wrote its target register before: requests took a sixth longer, documents of listings four
/// times as long (Intel 64 and IA-32 Architectures Optimization Reference Manual, "Mixing AVX code with SSE code").
class UpperHalvesGuard {
 public:
  UpperHalvesGuard() = default;
  UpperHalvesGuard(const UpperHalvesGuard&) = delete;
  UpperHalvesGuard& operator=(const UpperHalvesGuard&) = delete;
  ~UpperHalvesGuard() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx")) clear();
#endif
  }

 private:
#if defined(__x86_64__)
  [[gnu::target("avx")]] static void clear() { __builtin_ia32_vzeroupper(); }
#endif
};

}  // namespace shoal
