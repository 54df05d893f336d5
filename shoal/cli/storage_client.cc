#include "shoal/cli/storage_client.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "shoal/cli/admin_json.h"
#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/progress_line.h"
#include "shoal/server/option_table.h"

namespace shoal::cli {
namespace {

using nlohmann::json;
using storage::JobKind;

constexpr std::chrono::milliseconds poll_interval{300};

Result<json> start(const JobArguments& arguments, JobKind kind) {
  std::string query = fmt::format("kind={}", storage::to_string(kind));
  if (arguments.rate) {
    TRY_ASSIGN(std::uint64_t rate, server::parse_byte_count(*arguments.rate));
    query = fmt::format("bytes_per_second={}&{}", rate, query);
  }
  return ask_json(arguments.admin, "POST", "/-/storage/jobs", query);
}

/// The job when it has ended.
Result<json> follow(const JobArguments& arguments, JobKind kind, std::uint64_t id) {
  ProgressLine progress{std::string(storage::to_string(kind))};
  while (true) {
    TRY_ASSIGN(json job, ask_json(arguments.admin, "GET", "/-/storage/jobs", fmt::format("id={}", id)));
    if (job.value("state", "") != "running") return job;
    std::string detail = fmt::format("{} segments, {} damaged", number(job, "segments"), number(job, "damages"));
    if (kind == JobKind::compact) {
      detail = fmt::format("{} segments removed, {} moved", number(job, "segments"),
                           human_bytes(number(job, "bytes_moved")));
    }
    progress.show(number(job, "bytes"), number(job, "bytes_total"), detail);
    std::this_thread::sleep_for(poll_interval);
  }
}

Result<void> print_quarantine(const AdminArguments& arguments) {
  TRY_ASSIGN(json answer, ask_json(arguments, "GET", "/-/storage/quarantine", ""));
  for (const json& record : answer["quarantined"]) {
    fmt::print("damaged: {}\n", record.value("text", ""));
  }
  return {};
}

int failed(const Error& error) {
  print_error(error.message);
  return error.code == ErrorCode::invalid_argument ? exit_wrong_use : exit_failed;
}

}  // namespace

void JobArguments::add_to(CLI::App& command) {
  admin.add_to(command);
  command.add_flag("--detach", detach, "Of a running server: start the job and do not wait for its end");
}

void print_compaction(std::uint64_t segments, std::uint64_t bytes_freed, std::uint64_t bytes_moved) {
  fmt::print("{} removed, {} freed, {} moved\n", counted(segments, "segment"), human_bytes(bytes_freed),
             human_bytes(bytes_moved));
}

int run_online_job(const JobArguments& arguments, JobKind kind) {
  auto started = start(arguments, kind);
  if (!started) return failed(started.error());
  std::uint64_t id = number(*started, "id");
  if (arguments.detach) {
    fmt::print("job {}\n", id);
    return exit_done;
  }
  fmt::print(stderr, "job {} runs on the server, also without this command; shoal jobs --cancel {} ends it\n", id, id);
  auto job = follow(arguments, kind, id);
  if (!job) return failed(job.error());
  std::string state = job->value("state", "");
  if (state != "done") {
    print_error(fmt::format("job {} is {}: {}", id, state, job->value("message", "")));
    return exit_failed;
  }
  if (kind == JobKind::compact) {
    print_compaction(number(*job, "segments"), number(*job, "bytes"), number(*job, "bytes_moved"));
    return exit_done;
  }
  std::uint64_t damages = number(*job, "damages");
  if (damages > 0) {
    if (auto printed = print_quarantine(arguments.admin); !printed) return failed(printed.error());
  }
  fmt::print("{}, {}: {}\n", counted(number(*job, "segments"), "segment"), human_bytes(number(*job, "bytes")),
             damages == 0 ? "all good" : counted(damages, "damaged place"));
  return damages == 0 ? exit_done : exit_damaged;
}

int inspect_online(const AdminArguments& arguments, bool as_json) {
  auto answer = ask_json(arguments, "GET", "/-/storage/segments", "");
  if (!answer) return failed(answer.error());
  if (as_json) {
    auto quarantine = ask_json(arguments, "GET", "/-/storage/quarantine", "");
    if (!quarantine) return failed(quarantine.error());
    answer->update(*quarantine);
    fmt::print("{}\n", answer->dump(2));
    return exit_done;
  }
  fmt::print("{:<10}  {:<6}  {:>10}  {:>7}  {:<25}  {}\n", "segment", "state", "bytes", "live", "sequences", "note");
  for (const json& segment : (*answer)["segments"]) {
    std::uint64_t bytes = number(segment, "bytes");
    double live =
        bytes == 0 ? 0 : 100.0 * static_cast<double>(number(segment, "live_bytes")) / static_cast<double>(bytes);
    std::string note = segment.value("left_alone", false) ? "left alone" : "";
    if (segment.value("damaged", false)) note = note.empty() ? "damaged" : "damaged, " + note;
    fmt::print("{:010}  {:<6}  {:>10}  {:>5.1f} %  {:<25}  {}\n", number(segment, "segment"),
               segment.value("state", ""), human_bytes(bytes), live,
               fmt::format("{}-{}", number(segment, "first_sequence"), number(segment, "last_sequence")), note);
  }
  fmt::print("\n{}\n", counted(number(*answer, "objects"), "object"));
  if (auto printed = print_quarantine(arguments); !printed) return failed(printed.error());
  return exit_done;
}

void add_scrub(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand(
      "scrub", "Let a running server verify its sealed segments now, slowly; status 3 if something is damaged");
  auto arguments = std::make_shared<JobArguments>();
  arguments->add_to(*command);
  command->add_option("--rate", arguments->rate, "Bytes per second, 0 for as fast as it goes (default: as configured)");
  command->callback([=] { *run = [=] { return run_online_job(*arguments, JobKind::scrub); }; });
}

void add_jobs(CLI::App& program, RunCommand* run) {
  CLI::App* command =
      program.add_subcommand("jobs", "Show or end the verify, scrub and compact jobs of a running server");
  auto arguments = std::make_shared<AdminArguments>();
  auto cancel = std::make_shared<std::optional<std::uint64_t>>();
  arguments->add_to(*command);
  command->add_option("--cancel", *cancel, "Number of the job to end");
  command->callback([=] {
    *run = [=] {
      auto answer = *cancel ? ask_json(*arguments, "POST", "/-/storage/cancel", fmt::format("id={}", **cancel))
                            : ask_json(*arguments, "GET", "/-/storage/jobs", "");
      if (!answer) return failed(answer.error());
      fmt::print("{}\n", answer->dump(2));
      return exit_done;
    };
  });
}

}  // namespace shoal::cli
