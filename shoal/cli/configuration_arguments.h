#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "shoal/server/configuration.h"

namespace shoal::cli {

/// The arguments by which every subcommand that needs a configuration gets it: --config FILE, --set NAME=VALUE.
class ConfigurationArguments {
 public:
  /// Adds the arguments; this object must outlive the parsing.
  void add_to(CLI::App& command);
  /// Adds an argument of its own for one option: `--listen` for server.listen.
  void add_shortcut(CLI::App& command, const std::string& flag, const std::string& option_name,
                    const std::string& description);

  Result<server::Configuration> load() const;

 private:
  std::optional<std::string> file_;
  std::vector<std::string> settings_;
  std::map<std::string, std::string> shortcuts_;
};

}  // namespace shoal::cli
