#include "shoal/cli/configuration_arguments.h"

#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace shoal::cli {

void ConfigurationArguments::add_to(CLI::App& command) {
  command.add_option("--config", file_, "Configuration file (see shoal.toml)");
  command.add_option("--set", settings_, "Set one option, as in --set log.level=debug (may be repeated)")
      ->type_name("NAME=VALUE");
}

void ConfigurationArguments::add_shortcut(CLI::App& command, const std::string& flag, const std::string& option_name,
                                          const std::string& description) {
  command.add_option_function<std::string>(
      flag, [this, option_name](const std::string& value) { shortcuts_[option_name] = value; }, description);
}

Result<server::Configuration> ConfigurationArguments::load() const {
  server::ConfigurationSources sources;
  sources.file = file_;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    std::string_view text = *variable;
    if (!text.starts_with("SHOAL_")) continue;
    std::size_t equals = std::min(text.find('='), text.size());
    sources.environment.emplace(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  for (const std::string& setting : settings_) {
    std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return failure(ErrorCode::invalid_argument, fmt::format("--set {}: expected NAME=VALUE", setting));
    }
    sources.command_line.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  for (const auto& [name, value] : shortcuts_) sources.command_line.emplace_back(name, value);
  return server::load_configuration(sources);
}

}  // namespace shoal::cli
