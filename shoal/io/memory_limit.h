#pragma once

#include <cstdint>
#include <filesystem>

namespace shoal::io {

/// How much memory the process may use: the smallest of what the machine has and what the cgroups that the process is
/// in allow (version 2: memory.max and memory.high of the group and all above it; version 1: memory.limit_in_bytes).
/// Read once, at start.
std::uint64_t memory_limit_bytes();

/// The same, with the roots of /proc and /sys/fs/cgroup given; for tests.
std::uint64_t memory_limit_bytes(const std::filesystem::path& proc, const std::filesystem::path& cgroups);

}  // namespace shoal::io
