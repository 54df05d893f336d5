#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shoal/base/result.h"

namespace shoal::server {

/// Reads a file of secrets: lines "name = value", of which the names are among `names`; blank lines and those that
/// begin with # mean nothing. Nothing of it when there is no such file.
///
/// access_denied, with the command that mends it, when others may read the file; invalid_argument for another line.
/// Errors never repeat a value. Blocking; for start-up.
Result<std::optional<std::map<std::string, std::string>>> read_key_file(const std::filesystem::path& path,
                                                                        std::span<const std::string_view> names);

}  // namespace shoal::server
