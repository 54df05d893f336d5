#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/progress_line.h"
#include "shoal/cli/storage_client.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"
#include "shoal/storage/log_engine.h"

namespace shoal::cli {
namespace {

using storage::JobKind;
using storage::JobState;
using storage::LogEngine;
using storage::StorageJob;

constexpr std::chrono::milliseconds poll_interval{100};

struct CompactArguments {
  std::string directory;
  JobArguments online;
};

Task<Result<StorageJob>> start_compaction(LogEngine* engine) { co_return engine->jobs().start(JobKind::compact, {}); }
Task<Result<StorageJob>> find_job(LogEngine* engine, std::uint64_t id) { co_return engine->jobs().find(id); }

Result<StorageJob> compact_to_the_end(io::EventLoop& loop, LogEngine* engine) {
  ProgressLine progress("compact");
  TRY_ASSIGN(StorageJob job, io::run_blocking(loop, start_compaction(engine)));
  while (job.state == JobState::running) {
    std::this_thread::sleep_for(poll_interval);
    TRY_ASSIGN(job, io::run_blocking(loop, find_job(engine, job.id)));
    progress.show(job.bytes, job.bytes_total, counted(job.segments, "segment") + " removed");
  }
  if (job.state != JobState::done) return failure(ErrorCode::io_error, job.message);
  return job;
}

Result<StorageJob> compact_directory(const std::string& directory, const server::Configuration& configuration) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(directory) / "FORMAT", error)) {
    return failure(ErrorCode::no_such_file, directory + " has no file FORMAT: it is no data directory of Shoal");
  }
  io::EventLoopGroup loops(io::EventLoopGroup::Options{.loops = 1});
  loops.start();
  std::unique_ptr<io::Disk> disk = io::open_local_disk(loops[0], {});
  storage::LogEngineOptions options;
  options.directory = directory;
  options.segment_bytes = configuration.storage.segment_bytes;
  options.index_memory_max = configuration.index.memory_max;
  options.compaction.garbage_share_max = 1;  // nothing but the job
  options.compaction.bytes_per_second = 0;
  options.compaction.reserve_bytes = 0;
  options.scrub.interval = std::chrono::milliseconds(0);
  std::vector<LogEngine::Core> cores{{&loops[0], disk.get()}};
  auto engine = io::run_blocking(loops[0], LogEngine::open(std::move(options), std::move(cores)));
  Result<StorageJob> job = engine ? compact_to_the_end(loops[0], engine->get()) : failure(engine.error());
  if (engine) {
    Result<void> closed = io::run_blocking(loops[0], (*engine)->close());
    if (job && !closed) job = failure(std::move(closed).error());
  }
  loops.stop();
  return job;
}

int compact(const CompactArguments& arguments) {
  bool is_online = arguments.online.admin.names_server();
  if (is_online != arguments.directory.empty()) {
    print_error("name either a data directory or a running server, by --admin ADDRESS:PORT");
    return exit_wrong_use;
  }
  if (is_online) return run_online_job(arguments.online, JobKind::compact);
  auto configuration = arguments.online.admin.configuration();
  if (!configuration) {
    print_error(configuration.error().message);
    return exit_wrong_use;
  }
  (void)start_log({.level = "warn"});  // which is a level
  auto job = compact_directory(arguments.directory, *configuration);
  if (!job) {
    print_error(job.error().message);
    return exit_failed;
  }
  print_compaction(job->segments, job->bytes, job->bytes_moved);
  return exit_done;
}

}  // namespace

void add_compact(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand(
      "compact", "Remove the garbage of a data directory that no server has open, or of a running server");
  auto arguments = std::make_shared<CompactArguments>();
  command->add_option("directory", arguments->directory, "Data directory");
  arguments->online.add_to(*command);
  command->callback([=] { *run = [=] { return compact(*arguments); }; });
}

}  // namespace shoal::cli
