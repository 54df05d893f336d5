#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "shoal/cli/admin_arguments.h"
#include "shoal/cli/command.h"
#include "shoal/http/uri.h"

namespace shoal::cli {
namespace {

Result<std::string> explain(const AdminArguments& arguments, std::string_view object) {
  if (object.starts_with("s3://")) object.remove_prefix(5);
  std::size_t slash = object.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == object.size()) {
    return failure(ErrorCode::invalid_argument, fmt::format("expected BUCKET/KEY, not '{}'", object));
  }
  std::string query =
      fmt::format("bucket={}&key={}", http::percent_encode(object.substr(0, slash), http::Slash::encode),
                  http::percent_encode(object.substr(slash + 1), http::Slash::encode));
  return arguments.ask("GET", "/-/cache/explain", query);
}

}  // namespace

void add_cache(CLI::App& program, RunCommand* run) {
  CLI::App* cache = program.add_subcommand("cache", "Ask a running server about its memory cache");
  cache->require_subcommand(1);
  CLI::App* command = cache->add_subcommand("explain", "Say why an object is, or is not, in memory");
  auto arguments = std::make_shared<AdminArguments>();
  auto object = std::make_shared<std::string>();
  arguments->add_to(*command);
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
