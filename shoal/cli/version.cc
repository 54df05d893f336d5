#include "shoal/version.h"

#include <cstdio>

#include <fmt/format.h>

#include "shoal/cli/command.h"

namespace shoal::cli {

void add_version(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand("version", "Print the version and what was built in");
  command->callback([run] {
    *run = [] {
      fmt::print("shoal {} ({}, {})\n", version_text, version_compiler, version_build_type);
      return exit_done;
    };
  });
}

}  // namespace shoal::cli
