#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <CLI/App.hpp>

#include "shoal/cli/admin_client.h"
#include "shoal/cli/configuration_arguments.h"

namespace shoal::cli {

/// The arguments of commands that ask a running server: --config, --set, --data, --admin.
class AdminArguments {
 public:
  /// Adds the arguments; this object must outlive the parsing.
  void add_to(CLI::App& command);

  /// Whether --admin was given.
  bool names_server() const { return admin_.has_value(); }
  Result<server::Configuration> configuration() const { return configuration_.load(); }
  /// One signed question. An answer of another status than 200 or 202 is an error: conflict for 409, otherwise
  /// io_error.
  Result<std::string> ask(std::string_view method, std::string_view path, std::string_view query) const;

 private:
  ConfigurationArguments configuration_;
  std::optional<std::string> admin_;  // where the server is, if that was said
};

}  // namespace shoal::cli
