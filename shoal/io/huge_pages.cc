#include "shoal/io/huge_pages.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shoal/base/text.h"

namespace shoal::io {
namespace {

#ifdef MADV_COLLAPSE
constexpr int madv_collapse = MADV_COLLAPSE;
#else
constexpr int madv_collapse = 25;  // Debian 12's headers do not have it yet
#endif

using std::chrono::steady_clock;

/// Between two looks at all that is there; longer if they take more than a hundredth of it.
constexpr std::chrono::seconds look_interval{1};
constexpr int intervals_per_look = 100;
/// When the kernel has no huge page to give.
constexpr std::chrono::seconds retry_interval{30};

constexpr const char* page_size_file = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size";

struct Mapping {
  std::uintptr_t begin;
  std::uintptr_t end;
};

std::size_t small_page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::size_t machine_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * small_page_bytes(); }

/// Private memory that lies in no file, if that is what a line of /proc/self/maps is about (proc_pid_maps(5)).
std::optional<Mapping> heap_of(const std::string& line) {
  Mapping mapping{};
  char permissions[5];
  unsigned long file = 0;
  int name = 0;
  int read = std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu %n", &mapping.begin, &mapping.end,
                         permissions, &file, &name);
  if (read != 4 || std::string_view(permissions) != "rw-p" || file != 0) return std::nullopt;
  std::string_view named = std::string_view(line).substr(static_cast<std::size_t>(name));
  if (!named.empty() && named != "[heap]" && !named.starts_with("[anon:")) return std::nullopt;
  return mapping;
}

std::unexpected<Error> unsupported(std::string_view why) { return failure(ErrorCode::not_supported, std::string(why)); }

}  // namespace

Result<std::unique_ptr<HugePages>> HugePages::start(std::uint32_t pages_per_second) {
  std::ifstream file(page_size_file);
  std::string line;
  std::getline(file, line);
  std::optional<std::uint64_t> page_bytes = parse_decimal(line);
  if (!page_bytes || *page_bytes == 0) return unsupported("the kernel has no transparent huge pages");
  if (::madvise(nullptr, 0, madv_collapse) != 0) return unsupported("the kernel cannot gather pages before Linux 6.1");
  std::unique_ptr<HugePages> pages(new HugePages(*page_bytes, std::max(pages_per_second, 1U)));
  pages->thread_ = std::jthread([raw = pages.get()](const std::stop_token& stop) { raw->run(stop); });
  ::pthread_setname_np(pages->thread_.native_handle(), "huge-pages");
  return pages;
}

HugePages::HugePages(std::size_t page_bytes, std::uint32_t pages_per_second)
    : page_bytes_(page_bytes), pause_after_each_(std::chrono::nanoseconds(std::chrono::seconds(1)) / pages_per_second) {}

HugePages::~HugePages() = default;

void HugePages::run(const std::stop_token& stop) {
  steady_clock::duration interval = look_interval;
  while (pause(stop, interval)) {
    steady_clock::time_point began = steady_clock::now();
    std::vector<Address> candidates = look();
    interval = std::max<steady_clock::duration>(look_interval, intervals_per_look * (steady_clock::now() - began));
    for (Address begin : candidates) {
      if (!is_filled(begin)) continue;  // any more
      if (!make(begin)) {
        interval = retry_interval;
        break;
      }
      if (!pause(stop, pause_after_each_)) return;
    }
  }
}

std::vector<HugePages::Address> HugePages::look() {
  std::vector<Address> candidates;
  std::unordered_set<Address> still_done;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::optional<Mapping> heap = heap_of(line);
    if (!heap || heap->end - heap->begin > machine_bytes()) continue;  // nobody fills that: a sanitizer's addresses
    Address begin = (heap->begin + page_bytes_ - 1) / page_bytes_ * page_bytes_;
    for (; begin < heap->end && heap->end - begin >= page_bytes_; begin += page_bytes_) {
      if (!is_filled(begin)) continue;
      if (done_.contains(begin)) {
        still_done.insert(begin);
      } else {
        candidates.push_back(begin);
      }
    }
  }
  done_ = std::move(still_done);
  return candidates;
}

bool HugePages::is_filled(Address begin) const {
  std::vector<unsigned char> pages(page_bytes_ / small_page_bytes());
  // mincore(2) of memory that is in no file says which pages are in memory. It fails where nothing is any more.
  void* memory = reinterpret_cast<void*>(begin);  // NOLINT(performance-no-int-to-ptr): an address that was read
  if (::mincore(memory, page_bytes_, pages.data()) != 0) return false;
  return std::ranges::all_of(pages, [](unsigned char page) { return (page & 1) != 0; });
}

bool HugePages::make(Address begin) {
  void* memory = reinterpret_cast<void*>(begin);  // NOLINT(performance-no-int-to-ptr): an address that was read
  if (::madvise(memory, page_bytes_, madv_collapse) == 0) {
    done_.insert(begin);
    made_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  if (errno == EINVAL) done_.insert(begin);  // somebody asked for small pages there
  return errno != ENOMEM && errno != EAGAIN;
}

bool HugePages::pause(const std::stop_token& stop, std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace shoal::io
