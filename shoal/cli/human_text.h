#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::cli {

/// "512 B", "3.4 GiB"
std::string human_bytes(std::uint64_t bytes);
/// "1 segment", "2 segments"
std::string counted(std::uint64_t count, std::string_view noun);
/// "42 s", "3 min 5 s", "2 h 10 min"
std::string human_duration(std::chrono::seconds duration);

}  // namespace shoal::cli
