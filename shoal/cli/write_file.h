#pragma once

#include <string>

#include "shoal/base/result.h"

namespace shoal::cli {

/// Writes a result that was asked for as a file, in place of what was there. Fails with io_error.
Result<void> write_file(const std::string& path, const std::string& text);

}  // namespace shoal::cli
