#include "shoal/cli/admin_arguments.h"

#include <filesystem>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "shoal/cli/admin_address.h"
#include "shoal/server/node.h"

namespace shoal::cli {
namespace {

/// Those that the running server has: of the environment, or of its data directory.
Result<server::RootCredentials> keys_of(const server::Configuration& configuration) {
  TRY_ASSIGN(std::optional<server::RootCredentials> keys, server::root_keys_of_environment());
  if (keys) return *keys;
  std::filesystem::path file = std::filesystem::path(configuration.server.data) / "credentials";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return failure(ErrorCode::no_such_file, fmt::format("there is no {}; name the server's directory with --data, or "
                                                        "set SHOAL_ROOT_ACCESS_KEY and SHOAL_ROOT_SECRET_KEY",
                                                        file.string()));
  }
  return server::load_or_create_credentials(configuration.server.data);
}

}  // namespace

void AdminArguments::add_to(CLI::App& command) {
  configuration_.add_to(command);
  configuration_.add_shortcut(command, "--data", "server.data",
                              "Directory of the server, for its keys (default: data)");
  command.add_option("--admin", admin_,
                     "ADDRESS:PORT or http://HOST:PORT of its health and metrics (default: 127.0.0.1:9001)");
}

Result<std::string> AdminArguments::ask(std::string_view method, std::string_view path, std::string_view query) const {
  constexpr int conflict_status = 409;
  TRY_ASSIGN(server::Configuration configuration, configuration_.load());
  TRY_ASSIGN(server::RootCredentials keys, keys_of(configuration));
  TRY_ASSIGN(loadgen::ServerAddress address, resolve_admin_address(admin_.value_or(configuration.server.admin)));
  TRY_ASSIGN(AdminAnswer answer, ask_admin(address, method, path, query, keys));
  if (answer.status == 200 || answer.status == 202) return std::move(answer.text);
  ErrorCode code = answer.status == conflict_status ? ErrorCode::conflict : ErrorCode::io_error;
  return failure(code, fmt::format("the server answered {}: {}", answer.status,
                                   answer.text.substr(0, answer.text.find_last_not_of("\n") + 1)));
}

}  // namespace shoal::cli
