#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shoal::s3 {

inline constexpr std::size_t md5_block_bytes = 64;
inline constexpr std::size_t md5_lanes_max = 16;

/// One of several messages that are hashed side by side.
struct Md5Lane {
  std::array<std::uint32_t, 4> state;  ///< A, B, C and D (RFC 1321, 3.3)
  const std::byte* next;               ///< the first block that is not hashed yet
  std::size_t blocks;                  ///< from there on
};

/// MD5 of several messages by vector instructions: each step of the algorithm waits for the one before, so that a
/// processor does one message no faster than it adds, and many in the same time. (The idea is that of isa-l_crypto and
/// minio/md5-simd.)
struct Md5Kernel {
  std::string_view name;
  std::size_t lanes;  ///< how many messages it takes
  /// Hashes `blocks` blocks of each message. The columns of `state` are theirs.
  void (*hash)(std::uint32_t (*state)[md5_lanes_max], const std::byte* const* messages, std::size_t blocks);
};

/// Those that this processor can run, the best one last.
std::span<const Md5Kernel> md5_kernels();

/// Hashes what up to `kernel.lanes` messages have, until at most one has any blocks left: a single one is better hashed
/// without a kernel.
void hash_side_by_side(const Md5Kernel& kernel, std::span<Md5Lane> messages);

}  // namespace shoal::s3
