// LogStore next to its peers, on the same objects, each in processes of its own. See README.md beside this file.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "bench/engine/ceilings.h"
#include "bench/engine/phase.h"
#include "bench/engine/process_numbers.h"
#include "bench/engine/results.h"
#include "bench/engine/stopwatch.h"
#include "bench/engine/worker.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "shoal/replay/plot.h"

namespace shoal::bench {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::uint32_t objects = 1'000'000;
  std::vector<std::uint32_t> body_kib = {4, 1, 16, 64};
  unsigned rounds = 3;
  bool quick = false;
  double seconds = 3;
  double seconds_max = std::numeric_limits<double>::infinity();  ///< after it, no other sizes than the first are begun
  std::vector<std::string> systems;
  std::vector<std::string> phases;
  std::string directory = "build";
  std::string csv;
  std::string svg;
};

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

/// Removed with everything in it, also after failures and Ctrl-C.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& parent) {
    fs::create_directories(parent);
    path_ = fs::absolute(parent).string() + "/engine-bench-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw fs::filesystem_error("mkdtemp", path_, std::error_code());
  }
  ~TemporaryDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
    if (error) fmt::print(stderr, "engine_bench: {} is left over: {}\n", path_, error.message());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;  // it is removed once
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool is_chosen(const std::vector<std::string>& chosen, std::string_view name) {
  return chosen.empty() || std::ranges::find(chosen, name) != chosen.end();
}

/// Everything in turn, round by round.
class Run {
 public:
  Run(const Arguments& arguments, std::string directory) : arguments_(arguments), directory_(std::move(directory)) {}

  Result<void> all() {
    for (round_ = 0; round_ < arguments_.rounds; ++round_) {
      for (std::uint32_t kib : arguments_.body_kib) {
        TRY(one_size(kib * 1024));
      }
    }
    return {};
  }
  const Results& results() const { return results_; }

 private:
  /// Larger bodies in smaller numbers, so that the data does not grow.
  std::uint32_t objects_of(std::uint32_t body_bytes) const {
    std::uint64_t bytes = std::uint64_t{arguments_.objects} * 4096;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(arguments_.objects, bytes / body_bytes));
  }

  Result<void> one_size(std::uint32_t body_bytes) {
    for (const System& system : systems) {
      if (!is_chosen(arguments_.systems, system.name)) continue;
      TRY(one_system(system, body_bytes));
    }
    return {};
  }

  Result<void> one_system(const System& system, std::uint32_t body_bytes) {
    bool is_main_size = body_bytes == arguments_.body_kib.front() * 1024;
    std::string files = directory_ + "/" + system.name;
    for (const Phase& phase : phases) {
      if (!is_main_size && (!phase.for_all_bodies || watch_.seconds() > arguments_.seconds_max)) continue;
      bool needed = is_chosen(arguments_.phases, phase.name) || std::string_view(phase.name) == "load";
      if (needed) {
        if (interrupted != 0) return failure(ErrorCode::cancelled, "interrupted");
        progress(system.name, body_bytes, phase.name);
        measure_ceilings_of(phase, body_bytes);
        PhaseOrder order{
            phase.name,         system.name, files, objects_of(body_bytes), body_bytes, samples(is_main_size),
            arguments_.seconds, 1 + round_};
        TRY_ASSIGN(std::vector<Measurement> measurements, run_phase(phase, order));
        for (const Measurement& each : measurements) {
          results_.add(each.scenario, body_bytes, system.name, each.unit, each.value);
        }
      }
      if (!phase.leaves_files) fs::remove_all(files);
      if (fs::exists(files)) flush_files(files);
    }
    fs::remove_all(files);
    return {};
  }

  /// Before each system anew: the device is not as fast at all times.
  void measure_ceilings_of(const Phase& phase, std::uint32_t body_bytes) {
    if (!has_ceilings_) return;
    auto add = [&](std::string_view scenario, double value) {
      results_.add(scenario, body_bytes, Results::ceiling, "op/s", value);
    };
    Result<void> measured = measure_ceilings(phase.name, directory_, body_bytes, arguments_.seconds, add);
    if (measured) return;
    fmt::print(stderr, "engine_bench: no ceilings: {}\n", measured.error().message);
    has_ceilings_ = false;
  }

  /// With few rounds each process measures more than once.
  unsigned samples(bool is_main_size) const { return is_main_size && arguments_.rounds < 3 ? 3 : 1; }

  void progress(std::string_view system, std::uint32_t body_bytes, std::string_view phase) {
    bool rewrite = ::isatty(STDERR_FILENO) == 1;
    fmt::print(stderr, "{}[{:4.0f} s] round {} of {}, {} KiB, {}: {}{}", rewrite ? "\r\x1b[K" : "", watch_.seconds(),
               round_ + 1, arguments_.rounds, body_bytes / 1024, system, phase, rewrite ? "" : "\n");
    std::fflush(stderr);
  }

  const Arguments& arguments_;
  const std::string directory_;
  const Stopwatch watch_;
  Results results_;
  unsigned round_ = 0;
  bool has_ceilings_ = true;
};

/// What a run needs at most, of the disk and of memory.
Result<void> check_room(const Arguments& arguments, const std::string& directory) {
  std::uint64_t data = 0;
  for (std::uint32_t kib : arguments.body_kib) {
    data = std::max(data, std::min<std::uint64_t>(arguments.objects * 4096ULL, arguments.objects * kib * 1024ULL));
  }
  constexpr std::uint64_t spare = 2ULL << 30;
  if (free_disk_bytes(directory) < 4 * data + spare) {
    return failure(ErrorCode::disk_full,
                   "systems with compaction need four times the data on the disk: use fewer --objects");
  }
  if (free_memory_bytes() < 2 * data + spare) {
    return failure(ErrorCode::overloaded, "warm reads need twice the data in memory: use fewer --objects");
  }
  return {};
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "engine_bench: cannot write {}\n", path);
  return static_cast<bool>(file);
}

int run(Arguments arguments) {
  if (arguments.quick) {
    arguments.objects = std::min(arguments.objects, 60'000U);
    arguments.rounds = 1;
    arguments.seconds = 0.25;
    arguments.seconds_max = 180;
  }
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  TemporaryDirectory directory(arguments.directory);
  Run run(arguments, directory.path());
  Result<void> done = check_room(arguments, directory.path());
  if (done) done = run.all();
  bool rewrite = ::isatty(STDERR_FILENO) == 1;
  if (rewrite) fmt::print(stderr, "\r\x1b[K");
  if (!done) {
    fmt::print(stderr, "engine_bench: {}\n", done.error().message);
    return EXIT_FAILURE;
  }
  fmt::print("{}", run.results().to_table());
  bool written = true;
  if (!arguments.csv.empty()) written = write_file(arguments.csv, run.results().to_csv());
  if (!arguments.svg.empty()) written = write_file(arguments.svg, replay::to_svg(run.results().plots())) && written;
  return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == worker_argument) return run_worker(argv[2]);
  CLI::App program("LogStore next to RocksDB, BlobDB, LMDB and LevelDB: the same objects, each in its own process");
  Arguments arguments;
  std::vector<std::string> system_names, phase_names;
  for (const System& system : systems) system_names.emplace_back(system.name);
  for (const Phase& phase : phases) phase_names.emplace_back(phase.name);
  program.add_flag("--quick", arguments.quick,
                   "At most 60,000 objects and one round, within four minutes; sizes that do not fit in are left out");
  program.add_option("--objects", arguments.objects, "How many; fewer where bodies are larger than 4 KiB")
      ->capture_default_str()
      ->check(CLI::Range(2'000, 100'000'000));
  program.add_option("--body", arguments.body_kib, "Sizes in KiB; everything is measured with the first")
      ->delimiter(',')
      ->capture_default_str();
  program.add_option("--rounds", arguments.rounds, "How often everything is measured")->capture_default_str();
  program.add_option("--seconds", arguments.seconds, "For one value of a rate")->capture_default_str();
  program.add_option("--systems", arguments.systems, "Only these")->delimiter(',')->check(CLI::IsMember(system_names));
  program.add_option("--phases", arguments.phases, "Only these, and load")
      ->delimiter(',')
      ->check(CLI::IsMember(phase_names));
  program.add_option("--directory", arguments.directory, "Where the data is made, and removed again")
      ->capture_default_str();
  program.add_option("--csv", arguments.csv, "Write scenario,system,unit,median,min,max into this file");
  program.add_option("--svg", arguments.svg, "Write plots of the rates over the size of bodies into this file");
  CLI11_PARSE(program, argc, argv);
  return run(std::move(arguments));
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) { return shoal::bench::main(argc, argv); }
