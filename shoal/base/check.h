#pragma once

#include <string_view>

namespace shoal::internal {
/// Logs the place and the condition with a stack of what it can find, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view why);
}  // namespace shoal::internal

/// A condition that only a bug can break. Stays on in release builds; keep it off per-byte paths.
#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) [[unlikely]]                                         \
      ::shoal::internal::check_failed(__FILE__, __LINE__, #condition, {}); \
  } while (false)

/// CHECK with a sentence for whoever reads the crash.
#define CHECK_MSG(condition, why)                                             \
  do {                                                                        \
    if (!(condition)) [[unlikely]]                                            \
      ::shoal::internal::check_failed(__FILE__, __LINE__, #condition, (why)); \
  } while (false)
