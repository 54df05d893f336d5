#pragma once

#include <functional>
#include <string_view>

#include <CLI/App.hpp>

#include "shoal/base/result.h"

namespace shoal::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_wrong_use = 2;
inline constexpr int exit_damaged = 3;

/// Prints "shoal: message" for a person.
void print_error(std::string_view message);

// Each adds its subcommand to the program and sets `*run` when it was chosen; the function returns the exit status.
using RunCommand = std::function<int()>;
void add_bench(CLI::App& program, RunCommand* run);
void add_serve(CLI::App& program, RunCommand* run);
void add_cache(CLI::App& program, RunCommand* run);
void add_warm(CLI::App& program, RunCommand* run);
void add_evict(CLI::App& program, RunCommand* run);
void add_pin(CLI::App& program, RunCommand* run);
void add_replay(CLI::App& program, RunCommand* run);
void add_inspect(CLI::App& program, RunCommand* run);
void add_verify(CLI::App& program, RunCommand* run);
void add_scrub(CLI::App& program, RunCommand* run);
void add_compact(CLI::App& program, RunCommand* run);
void add_jobs(CLI::App& program, RunCommand* run);
void add_check_config(CLI::App& program, RunCommand* run);
void add_version(CLI::App& program, RunCommand* run);

}  // namespace shoal::cli
