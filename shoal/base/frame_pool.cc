#include "shoal/base/frame_pool.h"

#include <array>
#include <new>

namespace shoal {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_frames = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool keeps_frames = false;
#else
constexpr bool keeps_frames = true;
#endif
#else
constexpr bool keeps_frames = true;
#endif

struct FreeFrame {
  FreeFrame* next;
};

constexpr std::size_t step = 64;
constexpr std::size_t class_count = FramePool::frame_bytes_max / step + 1;

/// One thread's. Frames still end while a thread goes, after its objects were destroyed: this one needs no destructor.
struct KeptFrames {
  std::array<FreeFrame*, class_count> first{};
  std::size_t bytes = 0;
  bool is_watched = false;
  bool is_closed = false;
};
constinit thread_local KeptFrames kept;

/// Gives back what a thread keeps when the thread ends.
struct EndOfThread {
  ~EndOfThread() {
    kept.is_closed = true;
    for (FreeFrame*& first : kept.first) {
      while (first != nullptr) {
        FreeFrame* frame = first;
        first = frame->next;
        ::operator delete(frame);
      }
    }
    kept.bytes = 0;
  }
};

void watch_end_of_thread() {
  static thread_local EndOfThread end;
  kept.is_watched = true;
}

constexpr std::size_t class_of(std::size_t bytes) { return (bytes + step - 1) / step; }

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  if (!keeps_frames || bytes > frame_bytes_max) return ::operator new(bytes);
  std::size_t size_class = class_of(bytes);
  FreeFrame*& first = kept.first[size_class];
  if (first == nullptr) return ::operator new(size_class * step);
  FreeFrame* frame = first;
  first = frame->next;
  kept.bytes -= size_class * step;
  return frame;
}

void FramePool::deallocate(void* frame, std::size_t bytes) noexcept {
  std::size_t size_class = class_of(bytes);
  bool is_kept = keeps_frames && bytes <= frame_bytes_max && kept.bytes + size_class * step <= kept_bytes_max;
  if (!is_kept || kept.is_closed) {
    ::operator delete(frame);
    return;
  }
  if (!kept.is_watched) watch_end_of_thread();
  FreeFrame*& first = kept.first[size_class];
  first = ::new (frame) FreeFrame{first};
  kept.bytes += size_class * step;
}

std::size_t FramePool::kept_bytes() { return kept.bytes; }

}  // namespace shoal
