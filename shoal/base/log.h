#pragma once

#include <string_view>

#include <spdlog/spdlog.h>

#include "shoal/base/result.h"

namespace shoal {

/// How the process logs. Lines go to standard error as "time level message key=value …".
struct LogOptions {
  std::string level = "info";  ///< trace, debug, info, warn, error, off
};

/// Sets up the process-wide logger; call once, before other threads start. An unknown level is an error.
Result<void> start_log(const LogOptions& options);

/// A value for a log line: quoted when it has blanks, quotes or control characters, so that no input can forge a line.
std::string log_value(std::string_view text);

}  // namespace shoal
