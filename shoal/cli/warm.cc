#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "shoal/cli/admin_arguments.h"
#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/progress_line.h"
#include "shoal/http/uri.h"
#include "shoal/server/option_table.h"

namespace shoal::cli {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

/// Objects of one question: so many that questions cost nothing, so few that one is soon answered.
constexpr int objects_read_at_a_time = 64;
constexpr int objects_listed_at_a_time = 1'000;

volatile std::sig_atomic_t interrupted = 0;

struct WarmArguments {
  AdminArguments admin;
  std::string prefix;  // s3://BUCKET/PREFIX
  std::string after;
  std::optional<std::string> rate;
  bool dry_run = false;
};

struct Place {
  std::string bucket;
  std::string prefix;
};

Result<Place> place_of(std::string_view text) {
  if (text.starts_with("s3://")) text.remove_prefix(5);
  std::size_t slash = std::min(text.find('/'), text.size());
  if (slash == 0) return failure(ErrorCode::invalid_argument, fmt::format("expected BUCKET/PREFIX, not '{}'", text));
  return Place{std::string(text.substr(0, slash)), std::string(text.substr(std::min(slash + 1, text.size())))};
}

/// What was done, or would be, so far.
struct Sum {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;
  std::uint64_t cache_bytes = 0;
  std::string failure;
  std::string last;  // percent-encoded
  bool is_done = false;
};

Result<void> take_step(const WarmArguments& arguments, const Place& place, bool dry_run, Sum* sum) {
  std::string query = fmt::format("after={}&bucket={}&dry_run={}&objects={}&prefix={}", sum->last,
                                  http::percent_encode(place.bucket, http::Slash::encode), dry_run ? 1 : 0,
                                  dry_run ? objects_listed_at_a_time : objects_read_at_a_time,
                                  http::percent_encode(place.prefix, http::Slash::encode));
  TRY_ASSIGN(std::string text, arguments.admin.ask("POST", "/-/cache/warm", query));
  json answer = json::parse(text, nullptr, false);
  if (!answer.is_object()) return failure(ErrorCode::io_error, "the server does not answer as a server of ours does");
  sum->objects += answer.value("objects", std::uint64_t{0});
  sum->bytes += answer.value("bytes", std::uint64_t{0});
  sum->failed += answer.value("failed", std::uint64_t{0});
  sum->cache_bytes = answer.value("cache_bytes", std::uint64_t{0});
  sum->last = answer.value("last", "");
  sum->is_done = answer.value("done", true);
  if (sum->failure.empty()) sum->failure = answer.value("failure", "");
  return {};
}

/// Waits until not more than `bytes_per_second` were read since then.
void keep_pace(std::uint64_t bytes, steady_clock::time_point began, std::uint64_t bytes_per_second) {
  if (bytes_per_second == 0) return;
  auto due = std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(bytes_per_second));
  std::this_thread::sleep_until(began + std::chrono::duration_cast<steady_clock::duration>(due));
}

/// All steps, until the end or an interrupt. `total` 0: nobody knows.
Result<Sum> take_steps(const WarmArguments& arguments, const Place& place, bool dry_run, std::uint64_t total) {
  std::uint64_t rate = 0;
  if (arguments.rate && !dry_run) {
    TRY_ASSIGN(rate, server::parse_byte_count(*arguments.rate));
  }
  ProgressLine progress(dry_run ? "count" : "warm");
  steady_clock::time_point began = steady_clock::now();
  Sum sum;
  sum.last = http::percent_encode(arguments.after, http::Slash::encode);
  while (!sum.is_done && interrupted == 0) {
    auto stepped = take_step(arguments, place, dry_run, &sum);
    if (!stepped) {
      progress.clear();
      fmt::print(stderr, "to go on: --after '{}'\n",
                 http::percent_decode(sum.last, http::PlusSign::literal).value_or(""));
      return failure(std::move(stepped).error());
    }
    progress.show(sum.bytes, total, counted(sum.objects, "object"));
    keep_pace(sum.bytes, began, rate);
  }
  return sum;
}

Result<int> warm(const WarmArguments& arguments) {
  TRY_ASSIGN(Place place, place_of(arguments.prefix));
  std::signal(SIGINT, [](int) { interrupted = 1; });
  TRY_ASSIGN(Sum all, take_steps(arguments, place, /*dry_run=*/true, 0));
  if (arguments.dry_run) {
    fmt::print("{}, {}; the caches of the server hold {}: {}\n", counted(all.objects, "object"), human_bytes(all.bytes),
               human_bytes(all.cache_bytes), all.bytes <= all.cache_bytes ? "all of it fits" : "not all of it fits");
    return interrupted == 0 ? exit_done : exit_failed;
  }
  TRY_ASSIGN(Sum read, take_steps(arguments, place, /*dry_run=*/false, all.bytes));
  fmt::print("{}, {} read\n", counted(read.objects, "object"), human_bytes(read.bytes));
  if (read.failed > 0) {
    print_error(fmt::format("{} could not be read; the first: {}", counted(read.failed, "object"), read.failure));
  }
  if (!read.is_done) {
    fmt::print(stderr, "to go on: --after '{}'\n",
               http::percent_decode(read.last, http::PlusSign::literal).value_or(""));
  }
  return read.is_done && read.failed == 0 ? exit_done : exit_failed;
}

}  // namespace

void add_warm(CLI::App& program, RunCommand* run) {
  CLI::App* command =
      program.add_subcommand("warm", "Let a running server read objects into its memory before somebody asks for them");
  auto arguments = std::make_shared<WarmArguments>();
  arguments->admin.add_to(*command);
  command->add_option("prefix", arguments->prefix, "BUCKET/PREFIX or s3://BUCKET/PREFIX")->required();
  command->add_option("--after", arguments->after, "Begin behind this key, as a run that ended early says");
  command->add_option("--rate", arguments->rate,
                      "Bytes per second at most, as in 100MiB (default: as fast as it goes)");
  command->add_flag("--dry-run", arguments->dry_run, "Only say how much it is, and whether it fits");
  command->callback([=] {
    *run = [=] {
      auto status = warm(*arguments);
      if (status) return *status;
      print_error(status.error().message);
      return status.error().code == ErrorCode::invalid_argument ? exit_wrong_use : exit_failed;
    };
  });
}

}  // namespace shoal::cli
