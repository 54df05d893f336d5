#include <cstdio>
#include <functional>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "shoal/cli/admin_json.h"
#include "shoal/cli/command.h"
#include "shoal/cli/human_text.h"
#include "shoal/cli/prefix_argument.h"
#include "shoal/http/uri.h"

namespace shoal::cli {
namespace {

using nlohmann::json;

/// A command with one argument at most: which, and what to do about it.
struct CacheCommand {
  AdminArguments admin;
  std::string argument;
  bool remove = false;
  std::optional<std::uint64_t> cancel;
};
using Action = std::function<Result<void>(const CacheCommand& command)>;

/// Of the fields whose names begin so.
std::string description(const json& inventory, const std::string& begin = "") {
  auto field = [&](const char* name) { return number(inventory, (begin + name).c_str()); };
  std::string text = counted(field("objects"), "object");
  std::uint64_t pieces = field("pieces");
  if (pieces > 0) text += fmt::format(" and {}", counted(pieces, "piece"));
  return fmt::format("{}, {}", text, human_bytes(field("bytes")));
}

/// Of a server with a second tier.
std::optional<std::string> flash_description(const json& answer) {
  constexpr const char* begin = "flash_";
  return answer.contains("flash_objects") ? std::optional(description(answer, begin)) : std::nullopt;
}

Result<void> explain(const CacheCommand& command) {
  TRY_ASSIGN(cache::ObjectPrefix object, parse_prefix(command.argument));
  if (object.prefix.empty()) {
    return failure(ErrorCode::invalid_argument, fmt::format("expected BUCKET/KEY, not '{}'", command.argument));
  }
  std::string query = fmt::format("bucket={}&key={}", http::percent_encode(object.bucket, http::Slash::encode),
                                  http::percent_encode(object.prefix, http::Slash::encode));
  TRY_ASSIGN(std::string text, command.admin.ask("GET", "/-/cache/explain", query));
  fmt::print("{}", text);
  return {};
}

Result<void> stat(const CacheCommand& command) {
  TRY_ASSIGN(cache::ObjectPrefix prefix, parse_prefix(command.argument));
  TRY_ASSIGN(json found, ask_json(command.admin, "GET", "/-/cache/stat", query_of(prefix)));
  fmt::print("in memory: {} of the {} that the caches may hold\n", description(found),
             human_bytes(number(found, "cache_bytes")));
  if (auto on_flash = flash_description(found)) fmt::print("on flash: {}\n", *on_flash);
  fmt::print("pinned: {}, {}\n", number(found, "pinned"), human_bytes(number(found, "pinned_bytes")));
  fmt::print("hits since they came in: {} (of each at most 255 count)\n", number(found, "hits"));
  fmt::print("known to be missing: {}\n", counted(number(found, "missing_keys"), "key"));
  if (number(found, "awaited") > 0) fmt::print("to be read back after the restart: {}\n", number(found, "awaited"));
  return {};
}

Result<void> evict(const CacheCommand& command) {
  TRY_ASSIGN(cache::ObjectPrefix prefix, parse_prefix(command.argument));
  TRY_ASSIGN(json evicted, ask_json(command.admin, "POST", "/-/cache/evict", query_of(prefix)));
  fmt::print("{} taken out of memory\n", description(evicted));
  if (auto off_flash = flash_description(evicted)) fmt::print("{} taken off flash\n", *off_flash);
  return {};
}

Result<void> list_pins(const CacheCommand& command) {
  TRY_ASSIGN(json answer, ask_json(command.admin, "GET", "/-/cache/pins", ""));
  for (const json& pin : answer["pins"]) {
    fmt::print("s3://{}/{}\n", pin.value("bucket", ""), decoded(pin.value("prefix", "")));
  }
  return {};
}

Result<void> pin(const CacheCommand& command) {
  if (command.argument.empty()) return list_pins(command);
  TRY_ASSIGN(cache::ObjectPrefix prefix, parse_prefix(command.argument));
  const char* path = command.remove ? "/-/cache/unpin" : "/-/cache/pin";
  TRY_ASSIGN(json found, ask_json(command.admin, "POST", path, query_of(prefix)));
  fmt::print("in memory: {}; {} of it pinned\n", description(found), human_bytes(number(found, "pinned_bytes")));
  return {};
}

Result<void> jobs(const CacheCommand& command) {
  if (command.cancel) {
    TRY(ask_json(command.admin, "POST", "/-/cache/cancel", fmt::format("id={}", *command.cancel)));
    return {};
  }
  TRY_ASSIGN(json answer, ask_json(command.admin, "GET", "/-/cache/jobs", ""));
  for (const json& job : answer["jobs"]) {
    fmt::print("{}  {}  s3://{}/{}  {} of {}, {} of {}", number(job, "id"), job.value("state", ""),
               job.value("bucket", ""), decoded(job.value("prefix", "")), number(job, "objects"),
               counted(number(job, "objects_total"), "object"), human_bytes(number(job, "bytes")),
               human_bytes(number(job, "bytes_total")));
    if (number(job, "failed") > 0) fmt::print("  {} failed: {}", number(job, "failed"), job.value("message", ""));
    fmt::print("\n");
  }
  return {};
}

/// Adds the arguments that all have, and has the action run when the command is chosen.
std::shared_ptr<CacheCommand> prepare(CLI::App* command, RunCommand* run, Action action) {
  auto arguments = std::make_shared<CacheCommand>();
  arguments->admin.add_to(*command);
  command->callback([=] {
    *run = [=] {
      auto done = action(*arguments);
      if (done) return exit_done;
      print_error(done.error().message);
      return done.error().code == ErrorCode::invalid_argument ? exit_wrong_use : exit_failed;
    };
  });
  return arguments;
}

CLI::Option* add_prefix(CLI::App* command, const std::shared_ptr<CacheCommand>& arguments) {
  return command->add_option("prefix", arguments->argument, "BUCKET/PREFIX or s3://BUCKET/PREFIX");
}

}  // namespace

void add_cache(CLI::App& program, RunCommand* run) {
  CLI::App* cache = program.add_subcommand("cache", "Ask a running server about its caches");
  cache->require_subcommand(1);
  CLI::App* command = cache->add_subcommand("explain", "Say why an object is, or is not, in memory");
  auto explained = prepare(command, run, explain);
  command->add_option("object", explained->argument, "BUCKET/KEY or s3://BUCKET/KEY")->required();

  command = cache->add_subcommand("stat", "Say how much is in memory, and on flash, of what begins with a prefix");
  add_prefix(command, prepare(command, run, stat))->required();

  command = cache->add_subcommand("jobs", "Show or end the warm-ups that run in the background");
  auto listed = prepare(command, run, jobs);
  command->add_option("--cancel", listed->cancel, "Number of the job to end");
}

void add_evict(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand(
      "evict",
      "Let a running server take out of its memory, and off its flash, what begins with a prefix; what is stored "
      "stays");
  add_prefix(command, prepare(command, run, evict))->required();
}

void add_pin(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand(
      "pin", "Let a running server keep in memory what begins with a prefix; without one, say what is pinned");
  auto arguments = prepare(command, run, pin);
  CLI::Option* prefix = add_prefix(command, arguments);
  command->add_flag("--remove", arguments->remove, "Let it go again")->needs(prefix);
}

}  // namespace shoal::cli
