#include "bench/engine/worker.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/io/freed_memory.h"

namespace shoal::bench {

// Found where the type is.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PhaseOrder, phase, system, directory, objects, body_bytes, samples, seconds, seed)

namespace {

/// As a node does by default; the same for every system.
constexpr std::uint64_t freed_bytes_kept = 16'777'216;

/// One line for each measurement; the scenario comes last, as it has spaces.
void print_measurement(std::string_view scenario, std::string_view unit, double value) {
  fmt::print("{} {:.17g} {}\n", unit, value, scenario);
  std::fflush(stdout);
}

Result<Measurement> parse_measurement(const std::string& line) {
  std::istringstream in(line);
  Measurement measurement;
  in >> measurement.unit >> measurement.value;
  std::getline(in >> std::ws, measurement.scenario);
  if (!in && !in.eof()) return failure(ErrorCode::corrupt, "a worker printed: " + line);
  return measurement;
}

[[noreturn]] void become_worker(const std::string& order, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  std::string program = "/proc/self/exe";
  std::string argument = worker_argument;
  std::string text = order;
  char* arguments[] = {program.data(), argument.data(), text.data(), nullptr};
  ::execv(program.c_str(), arguments);
  ::_exit(127);
}

std::string read_all(int input) {
  std::string text;
  char buffer[4096];
  while (true) {
    ssize_t got = ::read(input, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

int run_worker(const std::string& text) {
  spdlog::set_level(spdlog::level::warn);
  io::keep_freed_memory(freed_bytes_kept);
  PhaseOrder order = nlohmann::json::parse(text).get<PhaseOrder>();
  auto phase = std::ranges::find(phases, order.phase, &Phase::name);
  auto system = std::ranges::find(systems, order.system, &System::name);
  CHECK(phase != std::end(phases) && system != std::end(systems));
  PhaseRun run{order, *system, ObjectSet(order.objects, order.body_bytes), print_measurement};
  phase->run(run);
  return 0;
}

Result<std::vector<Measurement>> run_phase(const Phase& phase, const PhaseOrder& order) {
  std::string text = nlohmann::json(order).dump();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failure(ErrorCode::io_error, "no pipe to a worker");
  pid_t worker = ::fork();
  if (worker < 0) return failure(ErrorCode::io_error, std::string("no worker: ") + std::strerror(errno));
  if (worker == 0) become_worker(text, ends[1]);
  ::close(ends[1]);
  std::string output = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(worker, &status, 0) < 0 && errno == EINTR) continue;
  bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  bool ended_right = phase.ends_killed ? killed : WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!ended_right) {
    return failure(ErrorCode::io_error,
                   fmt::format("{}, phase {}: the worker failed with status {}", order.system, order.phase, status));
  }
  std::vector<Measurement> measurements;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    TRY_ASSIGN(Measurement measurement, parse_measurement(line));
    measurements.push_back(std::move(measurement));
  }
  return measurements;
}

}  // namespace shoal::bench
