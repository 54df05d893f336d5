#include "shoal/cli/human_text.h"

#include <array>

#include <fmt/format.h>

namespace shoal::cli {

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string human_duration(std::chrono::seconds duration) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  std::int64_t seconds = duration.count();
  if (seconds < minute) return fmt::format("{} s", seconds);
  if (seconds < hour) return fmt::format("{} min {} s", seconds / minute, seconds % minute);
  return fmt::format("{} h {} min", seconds / hour, seconds % hour / minute);
}

}  // namespace shoal::cli
