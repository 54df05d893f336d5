#include "shoal/s3/md5_lanes.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::s3 {
namespace {

// RFC 1321, 3.4: what is added in each step is the integer part of 2^32 |sin(step + 1)|.
constexpr std::uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
constexpr int words = md5_block_bytes / sizeof(std::uint32_t);

/// Which word of the block a step adds.
constexpr int word_of(int step) {
  switch (step / words) {
    case 0:
      return step;
    case 1:
      return (5 * step + 1) % words;
    case 2:
      return (3 * step + 5) % words;
    default:
      return 7 * step % words;
  }
}

// What follows is one piece of code for vectors of each width. It is always inlined, since it takes the instructions
// that it may use from the function that it becomes a part of.

template <int lanes>
using Vector [[gnu::vector_size(lanes * sizeof(std::uint32_t))]] = std::uint32_t;

template <int step, typename V>
[[gnu::always_inline]] inline void make_step(V (&state)[4], const V (&block)[words]) {
  constexpr int round = step / words;
  constexpr int shift = shifts[round][step % 4];
  V& a = state[(64 - step) % 4];
  const V& b = state[(65 - step) % 4];
  const V& c = state[(66 - step) % 4];
  const V& d = state[(67 - step) % 4];
  a += block[word_of(step)] + sines[step];
  if constexpr (round == 0) {
    a += d ^ (b & (c ^ d));
  } else if constexpr (round == 1) {
    a += c ^ (d & (b ^ c));
  } else if constexpr (round == 2) {
    a += b ^ c ^ d;
  } else {
    a += c ^ (b | ~d);
  }
  a = (a << shift | a >> (32 - shift)) + b;
}

template <typename V, int... steps>
[[gnu::always_inline]] inline void hash_block(V (&state)[4], const V (&block)[words],
                                              std::integer_sequence<int, steps...>) {
  V before[4] = {state[0], state[1], state[2], state[3]};
  (make_step<steps>(state, block), ...);
  for (int i = 0; i < 4; ++i) state[i] += before[i];
}

/// Exchanges the blocks of `distance` columns of two rows that are beside the diagonal of a square of four such blocks.
template <int distance, typename V, int... column>
[[gnu::always_inline]] inline void exchange(V& upper, V& lower, std::integer_sequence<int, column...>) {
  constexpr int lanes = sizeof...(column);
  V both = __builtin_shufflevector(upper, lower, (column & distance ? lanes + column - distance : column)...);
  lower = __builtin_shufflevector(upper, lower, (column & distance ? lanes + column : column + distance)...);
  upper = both;
}

template <int lanes, int distance, typename V>
[[gnu::always_inline]] inline void exchange_rows(V* rows) {
#pragma GCC unroll 16
  for (int row = 0; row < lanes; ++row) {
    if ((row & distance) != 0) continue;
    exchange<distance>(rows[row], rows[row + distance], std::make_integer_sequence<int, lanes>());
  }
}

/// Makes of rows of messages rows of words.
template <int lanes, typename V>
[[gnu::always_inline]] inline void transpose(V* rows) {
  if constexpr (lanes > 8) exchange_rows<lanes, 8>(rows);
  if constexpr (lanes > 4) exchange_rows<lanes, 4>(rows);
  exchange_rows<lanes, 2>(rows);
  exchange_rows<lanes, 1>(rows);
}

template <int lanes>
[[gnu::always_inline]] inline void hash_lanes(std::uint32_t (*state)[md5_lanes_max], const std::byte* const* messages,
                                              std::size_t blocks) {
  using V = Vector<lanes>;
  V now[4];
  for (int i = 0; i < 4; ++i) std::memcpy(&now[i], state[i], sizeof(V));
  for (std::size_t at = 0; at < blocks * md5_block_bytes; at += md5_block_bytes) {
    V block[words];
#pragma GCC unroll 4
    for (int first = 0; first < words; first += lanes) {
#pragma GCC unroll 16
      for (int lane = 0; lane < lanes; ++lane) {
        std::memcpy(&block[first + lane], messages[lane] + at + first * sizeof(std::uint32_t), sizeof(V));
      }
      transpose<lanes>(block + first);
    }
    hash_block(now, block, std::make_integer_sequence<int, 64>());
  }
  for (int i = 0; i < 4; ++i) std::memcpy(state[i], &now[i], sizeof(V));
}

void hash_4_lanes(std::uint32_t (*state)[md5_lanes_max], const std::byte* const* messages, std::size_t blocks) {
  hash_lanes<4>(state, messages, blocks);
}
#if defined(__x86_64__)
// The compiler clears the upper halves of the registers at the end of these (upper_halves_guard.h).
[[gnu::target("avx2")]] void hash_8_lanes(std::uint32_t (*state)[md5_lanes_max], const std::byte* const* messages,
                                          std::size_t blocks) {
  hash_lanes<8>(state, messages, blocks);
}
[[gnu::target("avx512f")]] void hash_16_lanes(std::uint32_t (*state)[md5_lanes_max], const std::byte* const* messages,
                                              std::size_t blocks) {
  hash_lanes<16>(state, messages, blocks);
}
#endif

constexpr Md5Kernel kernels[] = {
    {"128 bits", 4, hash_4_lanes},
#if defined(__x86_64__)
    {"AVX2", 8, hash_8_lanes},
    {"AVX-512", 16, hash_16_lanes},
#endif
};

std::size_t usable_kernels() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return 1;
  if (!__builtin_cpu_supports("avx512f")) return 2;
#endif
  return std::size(kernels);
}

}  // namespace

std::span<const Md5Kernel> md5_kernels() {
  static const std::size_t usable = usable_kernels();
  return std::span(kernels).first(usable);
}

void hash_side_by_side(const Md5Kernel& kernel, std::span<Md5Lane> messages) {
  CHECK(messages.size() <= kernel.lanes);
  for (;;) {
    alignas(64) std::uint32_t state[4][md5_lanes_max] = {};
    const std::byte* next[md5_lanes_max];
    Md5Lane* taken[md5_lanes_max];
    std::size_t count = 0;
    std::size_t blocks = SIZE_MAX;
    for (Md5Lane& message : messages) {
      if (message.blocks == 0) continue;
      for (int i = 0; i < 4; ++i) state[i][count] = message.state[i];
      next[count] = message.next;
      taken[count++] = &message;
      blocks = std::min(blocks, message.blocks);
    }
    if (count < 2) return;
    std::fill(next + count, next + kernel.lanes, next[0]);  // nobody looks at what becomes of these
    kernel.hash(state, next, blocks);
    for (std::size_t lane = 0; lane < count; ++lane) {
      for (int i = 0; i < 4; ++i) taken[lane]->state[i] = state[i][lane];
      taken[lane]->next += blocks * md5_block_bytes;
      taken[lane]->blocks -= blocks;
    }
  }
}

}  // namespace shoal::s3
