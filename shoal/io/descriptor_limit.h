#pragma once

#include <cstdint>

namespace shoal::io {

/// Raises the number of files and sockets that the process may have open to what the system allows it without asking
/// (RLIMIT_NOFILE, hard). Shells and service managers start programs with a soft limit of 1,024, for the sake of those
/// that use select(). Returns what it is now.
std::uint64_t raise_descriptor_limit();

}  // namespace shoal::io
