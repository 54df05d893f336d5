#pragma once

#include <cstdint>

namespace shoal::io {

/// Has the C library keep so much of what each thread's heap has free at its end, and take blocks up to a quarter of
/// that from there. By default it gives memory back as soon as 128 KiB are free: a request that takes
/// half a megabyte then pays for that in page faults, and so does the next one. Before threads start.
void keep_freed_memory(std::uint64_t bytes);

}  // namespace shoal::io
