#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/App.hpp>

#include "shoal/cli/admin_arguments.h"
#include "shoal/storage/storage_jobs.h"

namespace shoal::cli {

/// How a job of a running server is started and followed.
struct JobArguments {
  AdminArguments admin;
  std::optional<std::string> rate;
  bool detach = false;

  void add_to(CLI::App& command);
};

/// Starts a job on a running server and follows it to its end. The exit status of the command.
int run_online_job(const JobArguments& arguments, storage::JobKind kind);
/// Shows segments and quarantine of a running server.
int inspect_online(const AdminArguments& arguments, bool json);

/// "compact: removed 3 segments, …": how a compaction ended.
void print_compaction(std::uint64_t segments, std::uint64_t bytes_freed, std::uint64_t bytes_moved);

}  // namespace shoal::cli
