#include "shoal/cli/admin_json.h"

#include <string>

namespace shoal::cli {

Result<nlohmann::json> ask_json(const AdminArguments& arguments, std::string_view method, std::string_view path,
                                std::string_view query) {
  TRY_ASSIGN(std::string text, arguments.ask(method, path, query));
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object()) return failure(ErrorCode::io_error, "the server does not answer as a server of ours does");
  return parsed;
}

}  // namespace shoal::cli
