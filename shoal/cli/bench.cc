#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "shoal/base/bytes.h"
#include "shoal/base/random.h"
#include "shoal/base/text.h"
#include "shoal/cli/client_credentials.h"
#include "shoal/cli/command.h"
#include "shoal/cli/write_file.h"
#include "shoal/http/grammar.h"
#include "shoal/loadgen/load_report.h"
#include "shoal/loadgen/load_run.h"
#include "shoal/server/option_table.h"

namespace shoal::cli {
namespace {

using loadgen::LoadOptions;
using loadgen::OperationKind;

/// The command line as it was written.
struct BenchArguments {
  std::string operation;
  std::string endpoint;
  std::string data;
  std::string region;
  std::string bucket = "shoal-bench";
  std::string prefix;
  std::string mix = "get=45,head=30,put=15,delete=10";
  std::string size = "4KiB";
  std::string keys = "uniform";
  std::string signature = "header";
  std::string payload = "unsigned";
  std::string warmup = "1s";
  std::string duration = "10s";
  std::string timeout = "30s";
  std::string csv;
  std::string json;
  std::uint64_t objects = 10'000;
  std::uint64_t seed = 1;
  unsigned connections = 16;
  unsigned threads = 1;
  std::uint32_t list_keys = 1'000;
  bool sdk_lines = false;
  bool use_existing = false;
  bool keep = false;
  bool quiet = false;
};

std::unexpected<Error> wrong(std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); }

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

Result<double> parse_number(const std::string& text) {
  std::istringstream in(text);
  double number = 0;
  if (!(in >> number) || in.peek() != std::istringstream::traits_type::eof() || !(number >= 0) || number > 1e9) {
    return wrong(fmt::format("'{}' is no number", text));
  }
  return number;
}

/// "4KiB", "1KiB-1MiB", or several with their weights: "4KiB:90,64KiB-1MiB:10".
Result<loadgen::SizeDistribution> parse_sizes(const std::string& text) {
  constexpr std::uint64_t bytes_max = 5_GiB;  // that one PUT may have
  std::vector<loadgen::SizeDistribution::Choice> choices;
  for (const std::string& part : split(text, ',')) {
    std::size_t colon = part.find(':');
    std::string range = part.substr(0, colon);
    std::size_t dash = range.find('-');
    loadgen::SizeDistribution::Choice choice{};
    TRY_ASSIGN(choice.bytes_min, server::parse_byte_count(range.substr(0, dash)));
    choice.bytes_max = choice.bytes_min;
    if (dash != std::string::npos) {
      TRY_ASSIGN(choice.bytes_max, server::parse_byte_count(range.substr(dash + 1)));
    }
    choice.weight = 1;
    if (colon != std::string::npos) {
      TRY_ASSIGN(choice.weight, parse_number(part.substr(colon + 1)));
    }
    if (choice.bytes_max < choice.bytes_min || choice.bytes_max > bytes_max || choice.weight <= 0) {
      return wrong(fmt::format("'{}' is no size", part));
    }
    choices.push_back(choice);
  }
  if (choices.empty()) return wrong("at least one size is needed");
  return loadgen::SizeDistribution(std::move(choices));
}

Result<OperationKind> kind_named(std::string_view name) {
  for (OperationKind kind : loadgen::operation_kinds) {
    if (loadgen::name_of(kind) == name) return kind;
  }
  return wrong(fmt::format("no operation is called '{}'", name));
}

/// "get=45,put=15".
Result<void> parse_mix(const std::string& text, LoadOptions& options) {
  double sum = 0;
  for (const std::string& part : split(text, ',')) {
    std::size_t equals = part.find('=');
    if (equals == std::string::npos) return wrong(fmt::format("'{}' is not like get=45", part));
    TRY_ASSIGN(OperationKind kind, kind_named(part.substr(0, equals)));
    TRY_ASSIGN(double weight, parse_number(part.substr(equals + 1)));
    options.weights[static_cast<std::size_t>(kind)] = weight;
    sum += weight;
  }
  if (sum <= 0) return wrong("at least one weight has to be above 0");
  return {};
}

/// "uniform", "zipf" or "zipf:1.2".
Result<std::optional<double>> parse_keys(const std::string& text) {
  if (text == "uniform") return std::nullopt;
  if (text == "zipf") return 0.99;
  if (!text.starts_with("zipf:")) return wrong(fmt::format("'{}' is neither uniform, zipf nor zipf:EXPONENT", text));
  TRY_ASSIGN(double exponent, parse_number(text.substr(5)));
  if (exponent <= 0 || exponent > 10) return wrong("the exponent is above 0 and at most 10");
  return exponent;
}

std::string random_prefix() {
  std::array<std::byte, 4> bytes;
  fill_with_secure_random(bytes);
  return "bench-" + to_hex(bytes) + "/";
}

Result<void> set_names(const BenchArguments& arguments, LoadOptions& options) {
  options.bucket = arguments.bucket;
  options.prefix = arguments.prefix.empty() ? random_prefix() : arguments.prefix;
  if (arguments.use_existing && arguments.prefix.empty()) {
    return wrong("--use-existing needs the --prefix of the run that kept its objects");
  }
  auto plain = [](char c) { return c == '/' || http::is_in(c, http::unreserved_character); };
  if (!std::ranges::all_of(options.prefix, plain) || options.prefix.size() > 500) {
    return wrong("--prefix: letters, digits and -._~/ only, at most 500");
  }
  return {};
}

/// Names the option in whatever is wrong with its value.
template <typename T>
Result<T> in_option(const char* option, Result<T> value) {
  if (value) return value;
  return wrong(fmt::format("{}: {}", option, value.error().message));
}

Result<void> set_server(const BenchArguments& arguments, LoadOptions& options) {
  TRY_ASSIGN(ClientEnvironment environment, read_client_environment(arguments.data));
  std::string endpoint = arguments.endpoint.empty() ? environment.endpoint : arguments.endpoint;
  if (endpoint.empty()) endpoint = "http://127.0.0.1:9000";
  TRY_ASSIGN(options.server, loadgen::ServerAddress::resolve(endpoint));
  options.region = arguments.region.empty() ? environment.region : arguments.region;
  options.keys = std::move(environment.keys);
  if (arguments.signature == "presigned") options.signature = loadgen::SignatureForm::presigned;
  if (arguments.signature == "none") options.signature = loadgen::SignatureForm::none;
  options.sdk_lines = arguments.sdk_lines;
  if (!options.keys && options.signature != loadgen::SignatureForm::none) {
    return wrong(
        "there are no keys to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name the server's "
        "directory "
        "with --data, or send unsigned requests with --signature none");
  }
  return {};
}

Result<LoadOptions> options_of(const BenchArguments& arguments) {
  LoadOptions options;
  TRY(set_server(arguments, options));
  TRY(set_names(arguments, options));
  if (arguments.operation == "mixed") {
    TRY(in_option("--mix", parse_mix(arguments.mix, options)));
  } else {
    TRY_ASSIGN(OperationKind kind, kind_named(arguments.operation));
    options.weights[static_cast<std::size_t>(kind)] = 1;
  }
  TRY_ASSIGN(options.sizes, in_option("--size", parse_sizes(arguments.size)));
  TRY_ASSIGN(options.zipf_exponent, in_option("--keys", parse_keys(arguments.keys)));
  TRY_ASSIGN(options.warmup, in_option("--warmup", server::parse_duration(arguments.warmup)));
  TRY_ASSIGN(options.duration, in_option("--duration", server::parse_duration(arguments.duration)));
  TRY_ASSIGN(options.timeout, in_option("--timeout", server::parse_duration(arguments.timeout)));
  if (arguments.payload == "sha256") options.payload = loadgen::PayloadForm::sha256;
  options.objects = arguments.objects;
  options.seed = arguments.seed;
  options.connections = arguments.connections;
  options.threads = arguments.threads;
  options.list_keys_max = arguments.list_keys;
  options.use_existing = arguments.use_existing;
  options.keep = arguments.keep;
  return options;
}

/// One line on the terminal that tells how far a load has come.
class ProgressLine {
 public:
  explicit ProgressLine(bool visible) : visible_(visible) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;  // one line of the terminal belongs to it
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const loadgen::LoadProgress& now) {
    if (!visible_) return;
    if (now.elapsed < before_.elapsed) before_ = loadgen::LoadProgress();
    double seconds = std::chrono::duration<double>(now.elapsed - before_.elapsed).count();
    auto rate = [&](std::uint64_t count, std::uint64_t count_before) {
      return seconds > 0 ? static_cast<double>(count - count_before) / seconds : 0;
    };
    fmt::print(stderr, "\r\x1b[K{:<9} {:5.1f} s  {:>12} requests  {:>9.0f}/s  {:>8.1f} MiB/s  {} failed", now.phase,
               std::chrono::duration<double>(now.elapsed).count(), now.succeeded,
               rate(now.succeeded, before_.succeeded), rate(now.bytes, before_.bytes) / (1 << 20), now.failed);
    std::fflush(stderr);
    before_ = now;
  }
  void clear() {
    if (visible_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool visible_;
  loadgen::LoadProgress before_;
};

/// The run that SIGINT and SIGTERM bring to its end, so that it is cleaned up after and reported.
std::atomic<loadgen::LoadRun*> interrupted_run = nullptr;

void interrupt(int) {
  if (loadgen::LoadRun* run = interrupted_run.load()) run->stop();
}

class InterruptGuard {
 public:
  explicit InterruptGuard(loadgen::LoadRun& run) {
    interrupted_run = &run;
    struct sigaction action{};
    action.sa_handler = interrupt;
    ::sigaction(SIGINT, &action, &before_int_);
    ::sigaction(SIGTERM, &action, &before_term_);
  }
  ~InterruptGuard() {
    ::sigaction(SIGINT, &before_int_, nullptr);
    ::sigaction(SIGTERM, &before_term_, nullptr);
    interrupted_run = nullptr;
  }
  InterruptGuard(const InterruptGuard&) = delete;  // one for the process
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_int_{};
  struct sigaction before_term_{};
};

Result<loadgen::LoadResult> prepare_and_measure(loadgen::LoadRun& run, const loadgen::LoadRun::Watch& watch) {
  TRY(run.prepare(watch));
  if (run.stopped()) return failure(ErrorCode::cancelled, "interrupted before the load began");
  return run.measure(watch);
}

/// What is told about the objects in the end.
Result<std::string> leave(loadgen::LoadRun& run, const loadgen::LoadRun::Watch& watch) {
  const LoadOptions& options = run.options();
  if (options.use_existing) return std::string();
  if (options.keep) {
    return fmt::format("kept the objects below {}/{}; use them again with --use-existing --prefix {}\n", options.bucket,
                       options.prefix, options.prefix);
  }
  TRY_ASSIGN(loadgen::LoadRun::Removed removed, run.clean_up(watch));
  return fmt::format("removed {} objects below {}/{}{}\n", removed.objects, options.bucket, options.prefix,
                     removed.bucket ? " and the bucket" : "");
}

Result<int> report(const BenchArguments& arguments, const LoadOptions& options, const loadgen::LoadResult& result) {
  fmt::print("{}", loadgen::to_table(options, result));
  if (!arguments.csv.empty()) {
    TRY(write_file(arguments.csv, loadgen::to_csv(options, result)));
  }
  if (!arguments.json.empty()) {
    TRY(write_file(arguments.json, loadgen::to_json(options, result)));
  }
  bool good = result.stats.errors() == 0 && result.stats.wrong() == 0;
  if (!good) print_error("not all answers were as they should be: see above");
  return good ? exit_done : exit_failed;
}

int run_bench(const BenchArguments& arguments) {
  auto options = options_of(arguments);
  auto run = options ? loadgen::LoadRun::create(*std::move(options)) : failure(options.error());
  if (!run) {
    print_error(run.error().message);
    return run.error().code == ErrorCode::invalid_argument ? exit_wrong_use : exit_failed;
  }
  InterruptGuard guard(**run);
  ProgressLine line(!arguments.quiet && ::isatty(STDERR_FILENO) == 1);
  auto watch = [&](const loadgen::LoadProgress& progress) { line.show(progress); };
  auto result = prepare_and_measure(**run, watch);
  auto left = leave(**run, watch);
  line.clear();

  int status = exit_failed;
  if (result) {
    auto reported = report(arguments, (*run)->options(), *result);
    if (reported) status = *reported;
    if (!reported) print_error(reported.error().message);
  } else {
    print_error(result.error().message);
  }
  if (left) {
    fmt::print("{}", *left);
    return status;
  }
  print_error(left.error().message);
  return exit_failed;
}

}  // namespace

void add_bench(CLI::App& program, RunCommand* run) {
  CLI::App* command = program.add_subcommand("bench", "Put load on an S3 endpoint, check every answer, and measure");
  command->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  auto arguments = std::make_shared<BenchArguments>();
  command->add_option("OPERATION", arguments->operation, "What is measured")
      ->required()
      ->check(CLI::IsMember({"get", "put", "head", "list", "delete", "mixed"}));
  command->add_option("--endpoint", arguments->endpoint,
                      "http://HOST:PORT; otherwise AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or http://127.0.0.1:9000");
  command->add_option("--data", arguments->data, "Directory of a Shoal server, for its keys");
  command->add_option("--region", arguments->region, "Otherwise that of the AWS environment, or us-east-1");
  command->add_option("--bucket", arguments->bucket, "Made, and removed again, if it is not there")
      ->capture_default_str();
  command->add_option("--prefix", arguments->prefix, "Of the objects' names; otherwise one that nobody else has");
  command->add_option("--mix", arguments->mix, "Weights of what `mixed` does")->capture_default_str();
  command->add_option("--objects", arguments->objects, "How many")->capture_default_str();
  command->add_option("--size", arguments->size, "Of bodies: 4KiB, 1KiB-1MiB, or with weights 4KiB:90,64KiB-1MiB:10")
      ->capture_default_str();
  command->add_option("--keys", arguments->keys, "Which objects: uniform, zipf (0.99), or zipf:EXPONENT")
      ->capture_default_str();
  command->add_option("--list-keys", arguments->list_keys, "Keys of one page of a list")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command->add_option("--connections,-c", arguments->connections, "Each with one request at a time")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Connections and objects are divided among them")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  command->add_option("--warmup", arguments->warmup, "Load that is not counted")->capture_default_str();
  command->add_option("--duration,-d", arguments->duration, "Load that is counted")->capture_default_str();
  command->add_option("--timeout", arguments->timeout, "Of one request")->capture_default_str();
  command
      ->add_option("--signature", arguments->signature,
                   "header: each request is signed anew; presigned: one URL for each object; none")
      ->check(CLI::IsMember({"header", "presigned", "none"}))
      ->capture_default_str();
  command->add_flag("--sdk-lines", arguments->sdk_lines,
                    "Requests have the header lines that boto3 adds: User-Agent, a number of the call, and others");
  command->add_option("--payload", arguments->payload, "What the signature of a PUT says of its body")
      ->check(CLI::IsMember({"unsigned", "sha256"}))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of bodies and of the order of requests")->capture_default_str();
  command->add_flag("--keep", arguments->keep, "Leave the objects where they are");
  command->add_flag("--use-existing", arguments->use_existing,
                    "Read the objects of an earlier run with --keep and the same --prefix, --objects, --size, --seed");
  command->add_option("--csv", arguments->csv, "Write the table into this file");
  command->add_option("--json", arguments->json, "Write the table and what went wrong into this file");
  command->add_flag("--quiet,-q", arguments->quiet, "No progress line");
  command->callback([arguments, run] { *run = [arguments] { return run_bench(*arguments); }; });
}

}  // namespace shoal::cli
