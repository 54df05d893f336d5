#include <cstdio>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "shoal/cli/command.h"
#include "shoal/cli/write_file.h"
#include "shoal/replay/replay_run.h"

namespace shoal::cli {
namespace {

using replay::NamedPolicy;

/// The command line as it was written.
struct ReplayArguments {
  std::vector<std::string> traces;
  std::string access_log;
  std::string policies = "duel,arc,lru,s3fifo,wtinylfu,bound";
  std::string sizes = "0.1%,1%,3%,10%,30%";
  std::string format;
  std::string unit;
  std::string csv;
  std::string svg;
  std::uint32_t shards = 1;
  unsigned threads = 1;
};

/// One line on the terminal, rewritten.
class ProgressBar {
 public:
  explicit ProgressBar(bool visible) : visible_(visible) {}
  ~ProgressBar() {
    if (visible_) fmt::print(stderr, "\r\x1b[K");
  }
  ProgressBar(const ProgressBar&) = delete;  // one line of the terminal belongs to it
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::string_view what, double share) {
    if (!visible_) return;
    constexpr int width = 30;
    std::string filled(static_cast<std::size_t>(share * width), '#');
    fmt::print(stderr, "\r\x1b[K[{:<{}}] {:3.0f} % {}", filled, width, share * 100, what);
    std::fflush(stderr);
  }

 private:
  bool visible_;
};

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

std::string policy_names() {
  std::string names;
  for (const NamedPolicy& policy : replay::policies()) names.append(policy.name).append(", ");
  return names + "all";
}

std::string policy_help() {
  std::string text = "Policies, with commas between, or all:\n";
  for (const NamedPolicy& policy : replay::policies()) text += fmt::format("{}: {}\n", policy.name, policy.what);
  return text;
}

Result<std::vector<const NamedPolicy*>> find_policies(const std::string& names) {
  std::vector<const NamedPolicy*> found;
  for (const std::string& name : split_commas(names)) {
    if (name == "all") {
      for (const NamedPolicy& policy : replay::policies()) found.push_back(&policy);
      continue;
    }
    const NamedPolicy* policy = replay::policy_named(name);
    if (policy == nullptr) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("--policy: no policy is called {}; there are {}", name, policy_names()));
    }
    found.push_back(policy);
  }
  if (found.empty()) {
    return failure(ErrorCode::invalid_argument, fmt::format("--policy: name at least one of {}", policy_names()));
  }
  return found;
}

Result<replay::ReplayOptions> options_of(const ReplayArguments& arguments) {
  auto wrong = [](std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); };
  replay::ReplayOptions options;
  options.shards = arguments.shards;
  options.threads = arguments.threads;
  for (const std::string& trace : arguments.traces) options.traces.emplace_back(trace);
  if (!arguments.format.empty()) {
    options.format = replay::trace_format_named(arguments.format);
    if (!options.format) {
      return wrong(fmt::format("--format: {} is none of {}", arguments.format, replay::trace_format_names()));
    }
  }
  if (!arguments.access_log.empty()) {
    if (!options.traces.empty()) return wrong("give either traces or --access-log, not both");
    options.traces.emplace_back(arguments.access_log);
    TRY_ASSIGN(options.format, replay::access_log_format_of(arguments.access_log));
  }
  if (options.traces.empty()) return wrong("name at least one trace file, or a log of an S3 server with --access-log");
  TRY_ASSIGN(options.policies, find_policies(arguments.policies));
  for (const std::string& size : split_commas(arguments.sizes)) {
    TRY_ASSIGN(replay::CacheSize parsed, replay::parse_cache_size(size));
    options.sizes.push_back(parsed);
  }
  if (options.sizes.empty()) return wrong("--size: give at least one, for example 1000, 64MiB or 5%");
  if (!arguments.unit.empty()) options.unit = arguments.unit == "bytes" ? replay::Unit::bytes : replay::Unit::objects;
  return options;
}

Result<std::vector<replay::ReplayRow>> replay_with_bar(const replay::ReplayOptions& options) {
  ProgressBar bar(::isatty(STDERR_FILENO) == 1);
  return replay_traces(options, [&](std::string_view what, double share) { bar.show(what, share); });
}

Result<void> replay_and_report(const ReplayArguments& arguments, const replay::ReplayOptions& options) {
  TRY_ASSIGN(std::vector<replay::ReplayRow> rows, replay_with_bar(options));
  fmt::print("{}", to_table(rows));
  if (!arguments.csv.empty()) {
    TRY(write_file(arguments.csv, to_csv(rows)));
  }
  if (!arguments.svg.empty()) {
    TRY(write_file(arguments.svg, to_svg(plots_of(rows))));
  }
  return {};
}

int run_replay(const ReplayArguments& arguments) {
  auto options = options_of(arguments);
  if (!options) {
    print_error(options.error().message);
    return exit_wrong_use;
  }
  if (auto done = replay_and_report(arguments, *options); !done) {
    print_error(done.error().message);
    return exit_failed;
  }
  return exit_done;
}

}  // namespace

void add_replay(CLI::App& program, RunCommand* run) {
  CLI::App* command =
      program.add_subcommand("replay", "Run cache policies over recorded requests and print what they would have hit");
  auto arguments = std::make_shared<ReplayArguments>();
  command->add_option("TRACE", arguments->traces, "Trace files, plain or compressed with zstd");
  command->add_option(
      "--access-log", arguments->access_log,
      "An access log instead of traces, of this server (log.access_file) or in the format of Amazon S3: "
      "its successful GETs are replayed");
  command->add_option("--policy", arguments->policies, policy_help())->capture_default_str();
  command->add_option("--size", arguments->sizes, "Cache sizes: 1000, 64MiB, 5% of all objects")->capture_default_str();
  command->add_option("--format", arguments->format,
                      "Format of all traces, otherwise told by each name: " + replay::trace_format_names());
  command->add_option("--unit", arguments->unit, "What --size counts; otherwise bytes if the trace knows sizes")
      ->check(CLI::IsMember({"objects", "bytes"}));
  command->add_option("--shards", arguments->shards, "Split the cache by key, as the cores of a server do")
      ->check(CLI::Range(1, 65536));
  command->add_option("--threads", arguments->threads, "Runs at a time")->check(CLI::Range(1, 1024));
  command->add_option("--csv", arguments->csv, "Write the ratios into this file");
  command->add_option("--svg", arguments->svg, "Write plots of hit ratio over cache size into this file");
  command->callback([arguments, run] { *run = [arguments] { return run_replay(*arguments); }; });
}

}  // namespace shoal::cli
