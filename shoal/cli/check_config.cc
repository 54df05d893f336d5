#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "shoal/cli/command.h"
#include "shoal/cli/configuration_arguments.h"
#include "shoal/server/configuration_document.h"

namespace shoal::cli {

void add_check_config(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand("check-config", "Check the configuration and print the settings in force");
  auto arguments = std::make_shared<ConfigurationArguments>();
  auto markdown = std::make_shared<bool>(false);
  arguments->add_to(*command);
  command->add_flag("--markdown", *markdown, "Print docs/CONFIGURATION.md instead");
  command->callback([=] {
    *run = [=] {
      auto configuration = arguments->load();
      if (!configuration) {
        print_error(configuration.error().message);
        return exit_wrong_use;
      }
      fmt::print("{}", *markdown ? server::configuration_markdown() : server::configuration_toml(*configuration));
      return exit_done;
    };
  });
}

}  // namespace shoal::cli
