#include "shoal/io/heap_trimmer.h"

#include <algorithm>
#include <fstream>

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

namespace shoal::io {
namespace {

/// In intervals.
constexpr int longest_pause = 64;

/// Of this process, without what lies in files (proc_pid_statm(5)). 0 if the system does not tell.
std::uint64_t anonymous_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0, in_files = 0;
  if (!(file >> size >> resident >> in_files) || resident < in_files) return 0;
  return (resident - in_files) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

HeapTrimmer::HeapTrimmer(std::uint64_t freed_bytes_max, std::chrono::milliseconds interval)
    : freed_bytes_max_(freed_bytes_max),
      interval_(interval),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
  ::pthread_setname_np(thread_.native_handle(), "heap-trimmer");
}

HeapTrimmer::~HeapTrimmer() = default;

void HeapTrimmer::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (std::chrono::milliseconds pause = interval_;;) {
    stopped_.wait_for(lock, stop, pause, [] { return false; });
    if (stop.stop_requested()) return;
    if (!has_much_freed()) {
      pause = interval_;
      continue;
    }
    ::malloc_trim(0);
    trims_.fetch_add(1, std::memory_order_relaxed);
    // A busy server takes it all back at once, and would pay for it again and again.
    pause = std::min(2 * pause, interval_ * longest_pause);
  }
}

/// What is free counts as such until it is used again, given back or not; so what is in RAM and not in use is counted.
bool HeapTrimmer::has_much_freed() const {
  std::uint64_t anonymous = anonymous_bytes();
  if (anonymous <= freed_bytes_max_) return false;
  struct mallinfo2 heaps = ::mallinfo2();  // looks through what is free
  std::uint64_t in_use = heaps.uordblks + heaps.hblkhd;
  bool is_other_library = in_use == 0;  // a sanitizer's, which has heaps of its own
  return !is_other_library && anonymous > in_use && anonymous - in_use > freed_bytes_max_;
}

}  // namespace shoal::io
