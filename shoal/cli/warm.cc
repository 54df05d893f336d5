#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shoal/cli/admin_json.h"
#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/name_list.h"
#include "shoal/cli/prefix_argument.h"
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
/// Of names in one question, which are part of its target.
constexpr std::size_t name_bytes_at_a_time = 2'048;

volatile std::sig_atomic_t interrupted = 0;

struct WarmArguments {
  AdminArguments admin;
  std::string prefix;  // s3://BUCKET/PREFIX
  std::string after;
  std::string list;
  std::optional<std::string> rate;
  bool dry_run = false;
  bool pin = false;
  bool detach = false;
};

/// What was done, or would be, so far.
struct Sum {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;
  std::uint64_t absent = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t flash_bytes = 0;
  std::string failure;
  std::string last;  // percent-encoded
  bool is_done = false;

  void add(const json& answer) {
    objects += number(answer, "objects");
    bytes += number(answer, "bytes");
    failed += number(answer, "failed");
    absent += number(answer, "absent");
    cache_bytes = number(answer, "cache_bytes");
    flash_bytes = number(answer, "flash_bytes");
    last = answer.value("last", "");
    is_done = answer.value("done", true);
    if (failure.empty()) failure = answer.value("failure", "");
  }
};

/// The next objects below the prefix.
Result<void> take_step(const WarmArguments& arguments, const cache::ObjectPrefix& place, bool dry_run, Sum* sum) {
  std::string query = fmt::format("after={}&bucket={}&dry_run={}&objects={}&prefix={}", sum->last,
                                  http::percent_encode(place.bucket, http::Slash::encode), dry_run ? 1 : 0,
                                  dry_run ? objects_listed_at_a_time : objects_read_at_a_time,
                                  http::percent_encode(place.prefix, http::Slash::encode));
  TRY_ASSIGN(json answer, ask_json(arguments.admin, "POST", "/-/cache/warm", query));
  sum->add(answer);
  return {};
}

/// The next objects of the list.
Result<void> take_named_step(const WarmArguments& arguments, const cache::ObjectPrefix& place, bool dry_run,
                             NameList* list, Sum* sum) {
  std::vector<std::string> names = list->next(objects_read_at_a_time, name_bytes_at_a_time);
  if (names.empty()) {
    sum->is_done = true;
    return {};
  }
  std::vector<std::string> keys;
  for (const std::string& name : names) keys.push_back("key=" + http::percent_encode(name, http::Slash::encode));
  std::ranges::sort(keys);  // as the signature has them
  std::string query =
      fmt::format("bucket={}&dry_run={}&{}&prefix={}", http::percent_encode(place.bucket, http::Slash::encode),
                  dry_run ? 1 : 0, fmt::join(keys, "&"), http::percent_encode(place.prefix, http::Slash::encode));
  TRY_ASSIGN(json answer, ask_json(arguments.admin, "POST", "/-/cache/warm", query));
  sum->add(answer);
  sum->is_done = false;
  return {};
}

/// Waits until not more than `bytes_per_second` were read since then.
void keep_pace(std::uint64_t bytes, steady_clock::time_point began, std::uint64_t bytes_per_second) {
  if (bytes_per_second == 0) return;
  auto due = std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(bytes_per_second));
  std::this_thread::sleep_until(began + std::chrono::duration_cast<steady_clock::duration>(due));
}

Result<std::uint64_t> rate_of(const WarmArguments& arguments) {
  if (!arguments.rate) return 0;
  return server::parse_byte_count(*arguments.rate);
}

/// Where a run that ended early could go on. Lists are read again from their beginning: what is in memory costs
/// nothing.
void print_place_to_go_on(const WarmArguments& arguments, const Sum& sum) {
  if (arguments.list.empty()) fmt::print(stderr, "to go on: --after '{}'\n", decoded(sum.last));
}

/// All steps, until the end or an interrupt. `total` 0: nobody knows.
Result<Sum> take_steps(const WarmArguments& arguments, const cache::ObjectPrefix& place, bool dry_run,
                       std::uint64_t total) {
  TRY_ASSIGN(std::uint64_t rate, rate_of(arguments));
  std::optional<NameList> list;
  if (!arguments.list.empty()) {
    TRY_ASSIGN(list, NameList::open(arguments.list));
  }
  ProgressLine progress(dry_run ? "count" : "warm");
  steady_clock::time_point began = steady_clock::now();
  Sum sum;
  sum.last = http::percent_encode(arguments.after, http::Slash::encode);
  while (!sum.is_done && interrupted == 0) {
    auto stepped =
        list ? take_named_step(arguments, place, dry_run, &*list, &sum) : take_step(arguments, place, dry_run, &sum);
    if (!stepped) {
      progress.clear();
      print_place_to_go_on(arguments, sum);
      return failure(std::move(stepped).error());
    }
    progress.show(sum.bytes, total, counted(sum.objects, "object"));
    if (!dry_run) keep_pace(sum.bytes, began, rate);
  }
  return sum;
}

/// Has the server do it all by itself.
Result<int> start_job(const WarmArguments& arguments, const cache::ObjectPrefix& place) {
  if (!arguments.list.empty()) return failure(ErrorCode::invalid_argument, "--detach knows no --list");
  TRY_ASSIGN(std::uint64_t rate, rate_of(arguments));
  std::string query = fmt::format("after={}&bucket={}&bytes_per_second={}&prefix={}",
                                  http::percent_encode(arguments.after, http::Slash::encode),
                                  http::percent_encode(place.bucket, http::Slash::encode), rate,
                                  http::percent_encode(place.prefix, http::Slash::encode));
  TRY_ASSIGN(json job, ask_json(arguments.admin, "POST", "/-/cache/jobs", query));
  fmt::print("job {} runs; see: shoal cache jobs\n", number(job, "id"));
  return exit_done;
}

void print_plan(const Sum& all) {
  fmt::print("{}, {}; the caches of the server hold {}: {}\n", counted(all.objects, "object"), human_bytes(all.bytes),
             human_bytes(all.cache_bytes), all.bytes <= all.cache_bytes ? "all of it fits" : "not all of it fits");
  if (all.flash_bytes > 0) {
    fmt::print("the second tier holds {}: {}\n", human_bytes(all.flash_bytes),
               all.bytes <= all.flash_bytes ? "all of it fits there" : "not all of it fits there");
  }
  if (all.absent > 0) fmt::print("{} of the list: there is no such object\n", counted(all.absent, "name"));
}

Result<int> warm(const WarmArguments& arguments) {
  TRY_ASSIGN(cache::ObjectPrefix place, parse_prefix(arguments.prefix));
  std::signal(SIGINT, [](int) { interrupted = 1; });
  if (arguments.dry_run) {
    TRY_ASSIGN(Sum all, take_steps(arguments, place, /*dry_run=*/true, 0));
    print_plan(all);
    return interrupted == 0 ? exit_done : exit_failed;
  }
  if (arguments.pin) {
    TRY(ask_json(arguments.admin, "POST", "/-/cache/pin", query_of(place)));
  }
  if (arguments.detach) return start_job(arguments, place);
  bool can_count = arguments.list != "-";  // standard input comes once
  Sum all;
  if (can_count) {
    TRY_ASSIGN(all, take_steps(arguments, place, /*dry_run=*/true, 0));
  }
  TRY_ASSIGN(Sum read, take_steps(arguments, place, /*dry_run=*/false, all.bytes));
  fmt::print("{}, {} read\n", counted(read.objects, "object"), human_bytes(read.bytes));
  if (read.absent > 0) fmt::print("{} of the list: there is no such object\n", counted(read.absent, "name"));
  if (read.failed > 0) {
    print_error(fmt::format("{} could not be read; the first: {}", counted(read.failed, "object"), read.failure));
  }
  if (!read.is_done) print_place_to_go_on(arguments, read);
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
  command->add_option("--list", arguments->list,
                      "File with the keys to read, a line each, instead of all below the prefix; -: standard input");
  command->add_flag("--pin", arguments->pin, "And keep what is below the prefix in memory, as `shoal pin` does");
  CLI::Option* dry_run =
      command->add_flag("--dry-run", arguments->dry_run, "Only say how much it is, and whether it fits");
  command->add_flag("--detach", arguments->detach, "Let the server go on by itself; see `shoal cache jobs`")
      ->excludes(dry_run);
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
