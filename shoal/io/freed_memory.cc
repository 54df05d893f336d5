#include "shoal/io/freed_memory.h"

#include <algorithm>
#include <limits>

#include <malloc.h>

namespace shoal::io {
namespace {

int to_parameter(std::uint64_t bytes) {
  return static_cast<int>(std::min<std::uint64_t>(bytes, std::numeric_limits<int>::max()));
}

}  // namespace

void keep_freed_memory(std::uint64_t bytes) {
  ::mallopt(M_TRIM_THRESHOLD, to_parameter(bytes));
  ::mallopt(M_MMAP_THRESHOLD, to_parameter(bytes / 4));
}

}  // namespace shoal::io
