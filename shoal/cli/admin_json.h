#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "shoal/cli/admin_arguments.h"

namespace shoal::cli {

/// One question to a running server whose answer is JSON. Errors as AdminArguments::ask().
Result<nlohmann::json> ask_json(const AdminArguments& arguments, std::string_view method, std::string_view path,
                                std::string_view query);

/// 0 if the member is not there.
inline std::uint64_t number(const nlohmann::json& object, const char* name) {
  return object.value(name, std::uint64_t{0});
}

}  // namespace shoal::cli
