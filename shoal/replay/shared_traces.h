#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "shoal/replay/trace_file.h"

namespace shoal::replay::testing {

/// The folder of public traces, which is not part of the project: $SHOAL_SHARED/traces or ../shared/traces. Empty if
/// absent.
inline std::filesystem::path shared_traces() {
  const char* shared = std::getenv("SHOAL_SHARED");  // NOLINT(concurrency-mt-unsafe): before any thread
  std::filesystem::path folder = shared != nullptr ? shared : SHOAL_SOURCE_DIR "/../shared";
  folder /= "traces";
  return std::filesystem::exists(folder / "reference.csv") ? folder : std::filesystem::path();
}

/// The file of a trace by the name it has in reference.csv.
inline std::filesystem::path shared_trace(const std::string& name) {
  for (const auto& file : std::filesystem::directory_iterator(shared_traces()))
    if (file.is_regular_file() && trace_name_of(file.path()) == name) return file.path();
  return {};
}

}  // namespace shoal::replay::testing

/// Leaves the test, skipped, where the shared traces are not to be had.
#define SKIP_WITHOUT_SHARED_TRACES()                     \
  if (::shoal::replay::testing::shared_traces().empty()) \
  GTEST_SKIP() << "needs the shared traces: set SHOAL_SHARED, or put them in " << SHOAL_SOURCE_DIR "/../shared"
