#include "bench/engine/process_numbers.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shoal/base/check.h"

namespace shoal::bench {
namespace {

namespace fs = std::filesystem;

/// The number behind a name in a file of /proc.
std::uint64_t number_in(const char* path, std::string_view name) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    if (word != name) continue;
    std::uint64_t number = 0;
    file >> number;
    return number;
  }
  CHECK_MSG(false, std::string(path) + " has no " + std::string(name));
}

}  // namespace

std::uint64_t own_memory_bytes() { return number_in("/proc/self/status", "RssAnon:") * 1024; }

std::uint64_t written_bytes() {
  return number_in("/proc/self/io", "write_bytes:") - number_in("/proc/self/io", "cancelled_write_bytes:");
}

std::uint64_t occupied_bytes(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(directory, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    struct ::stat status{};
    if (::stat(entry->path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

void flush_files(const std::string& directory) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ::fsync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

std::uint64_t free_disk_bytes(const std::string& directory) { return fs::space(directory).available; }

std::uint64_t free_memory_bytes() { return number_in("/proc/meminfo", "MemAvailable:") * 1024; }

}  // namespace shoal::bench
