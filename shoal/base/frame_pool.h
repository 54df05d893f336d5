#pragma once

#include <cstddef>

namespace shoal {

/// Memory for the frames of coroutines. A thread keeps the frames that end on it for those that begin next: a PUT needs
/// some 20, of a dozen sizes, and 64 PUTs that wait for the same sync give all of theirs back at once, more than malloc
/// keeps ready of one size (glibc: seven, and none of more than 1 KiB).
///
/// All functions may be called from any thread, and a frame may end on another one than it began on. With
/// AddressSanitizer nothing is kept, so that it sees what is used after its end.
class FramePool {
 public:
  /// What a thread keeps at most; beyond that, and for larger frames, memory comes from operator new.
  static constexpr std::size_t kept_bytes_max = 1 << 20;
  static constexpr std::size_t frame_bytes_max = 8192;

  /// Aligned as by operator new; throws std::bad_alloc.
  static void* allocate(std::size_t bytes);
  /// `bytes` as for allocate().
  static void deallocate(void* frame, std::size_t bytes) noexcept;
  /// What the calling thread keeps now.
  static std::size_t kept_bytes();
};

}  // namespace shoal
