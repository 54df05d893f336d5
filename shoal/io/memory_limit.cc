#include "shoal/io/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/text.h"

namespace shoal::io {
namespace {

// What we take for unlimited when nothing can be read.
constexpr std::uint64_t fallback_bytes = std::uint64_t{1} << 30;

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return parse_decimal(trim_blanks(line));  // "max" is no number, and no limit
}

std::uint64_t machine_bytes(const std::filesystem::path& proc) {
  std::ifstream file(proc / "meminfo");
  for (std::string line; std::getline(file, line);) {
    std::string_view text = line;
    if (!text.starts_with("MemTotal:")) continue;
    text = trim_blanks(text.substr(text.find(':') + 1));
    if (auto kilobytes = parse_decimal(text.substr(0, text.find(' ')))) return *kilobytes * 1024;
  }
  return fallback_bytes;
}

/// The group and every one above it can limit the process.
std::uint64_t smallest_on_path(const std::filesystem::path& root, std::string_view group,
                               std::initializer_list<std::string_view> files) {
  std::uint64_t smallest = UINT64_MAX;
  while (true) {
    for (std::string_view file : files) {
      if (auto limit = read_number(root / group.substr(std::min<std::size_t>(group.size(), 1)) / file))
        smallest = std::min(smallest, *limit);
    }
    if (group.size() <= 1) return smallest;
    group = group.substr(0, group.rfind('/'));
  }
}

}  // namespace

std::uint64_t memory_limit_bytes(const std::filesystem::path& proc, const std::filesystem::path& cgroups) {
  std::uint64_t limit = machine_bytes(proc);
  std::ifstream file(proc / "self" / "cgroup");
  for (std::string line; std::getline(file, line);) {
    // "hierarchy:controllers:path"; hierarchy 0 is version 2 (cgroups(7)).
    std::size_t first = line.find(':');
    std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    std::string_view group = std::string_view(line).substr(second + 1);
    if (controllers.empty()) {
      limit = std::min(limit, smallest_on_path(cgroups, group, {"memory.max", "memory.high"}));
    } else if (controllers.find("memory") != std::string_view::npos) {
      limit = std::min(limit, smallest_on_path(cgroups / "memory", group, {"memory.limit_in_bytes"}));
    }
  }
  return limit;
}

std::uint64_t memory_limit_bytes() { return memory_limit_bytes("/proc", "/sys/fs/cgroup"); }

}  // namespace shoal::io
