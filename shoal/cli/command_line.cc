#include "shoal/cli/command_line.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "shoal/cli/command.h"

namespace shoal::cli {

void print_error(std::string_view message) { fmt::print(stderr, "shoal: {}\n", message); }

int run_command_line(int argc, char** argv) {
  CLI::App program("S3-compatible object store and in-memory cache for millions of small objects", "shoal");
  program.require_subcommand(1);
  RunCommand run;
  add_serve(program, &run);
  add_cache(program, &run);
  add_warm(program, &run);
  add_evict(program, &run);
  add_pin(program, &run);
  add_replay(program, &run);
  add_bench(program, &run);
  add_inspect(program, &run);
  add_verify(program, &run);
  add_scrub(program, &run);
  add_compact(program, &run);
  add_jobs(program, &run);
  add_check_config(program, &run);
  add_version(program, &run);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 reports through exceptions: --help is one too. They end here.
    return program.exit(error) == 0 ? exit_done : exit_wrong_use;
  }
  return run();
}

}  // namespace shoal::cli
