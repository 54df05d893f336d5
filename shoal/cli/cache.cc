#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "shoal/cli/admin_client.h"
#include "shoal/cli/command.h"
#include "shoal/cli/configuration_arguments.h"
#include "shoal/http/uri.h"
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

Result<std::string> explain(const ConfigurationArguments& arguments, std::string_view object) {
  TRY_ASSIGN(server::Configuration configuration, arguments.load());
  if (object.starts_with("s3://")) object.remove_prefix(5);
  std::size_t slash = object.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == object.size()) {
    return failure(ErrorCode::invalid_argument, fmt::format("expected BUCKET/KEY, not '{}'", object));
  }
  TRY_ASSIGN(server::RootCredentials keys, keys_of(configuration));
  TRY_ASSIGN(net::Endpoint endpoint, net::Endpoint::parse(configuration.server.admin));
  std::string query =
      fmt::format("bucket={}&key={}", http::percent_encode(object.substr(0, slash), http::Slash::encode),
                  http::percent_encode(object.substr(slash + 1), http::Slash::encode));
  TRY_ASSIGN(AdminAnswer answer, ask_admin(endpoint, "/-/cache/explain", query, keys));
  if (answer.status != 200) {
    return failure(ErrorCode::io_error, fmt::format("the server answered {}: {}", answer.status, answer.text));
  }
  return std::move(answer.text);
}

}  // namespace

void add_cache(CLI::App& program, RunCommand* run) {
  CLI::App* cache = program.add_subcommand("cache", "Ask a running server about its memory cache");
  cache->require_subcommand(1);
  CLI::App* command = cache->add_subcommand("explain", "Say why an object is, or is not, in memory");
  auto arguments = std::make_shared<ConfigurationArguments>();
  auto object = std::make_shared<std::string>();
  arguments->add_to(*command);
  arguments->add_shortcut(*command, "--data", "server.data", "Directory of the server, for its keys (default: data)");
  arguments->add_shortcut(*command, "--admin", "server.admin",
                          "ADDRESS:PORT of its health and metrics (default: 127.0.0.1:9001)");
  command->add_option("object", *object, "BUCKET/KEY or s3://BUCKET/KEY")->required();
  command->callback([=] {
    *run = [=] {
      auto text = explain(*arguments, *object);
      if (!text) {
        print_error(text.error().message);
        return text.error().code == ErrorCode::invalid_argument ? exit_wrong_use : exit_failed;
      }
      fmt::print("{}", *text);
      return exit_done;
    };
  });
}

}  // namespace shoal::cli
