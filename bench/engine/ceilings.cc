#include "bench/engine/ceilings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace shoal::bench {
namespace {

constexpr unsigned batch_objects = 32;
constexpr const char* file_size = "512m";

/// What fio is asked to do beyond the common arguments, and where in its answer the figure is. Reads are of the file
/// that the first job left.
struct Job {
  std::string_view phase;
  const char* scenario;
  std::string arguments;
  const char* file;
  const char* direction;
};

Result<nlohmann::json> run_fio(const std::string& arguments) {
  std::string command = "fio --output-format=json --name=ceiling " + arguments + "";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
  if (!output) return failure(ErrorCode::io_error, "fio could not be started");
  std::string text;
  char buffer[4096];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, output.get())) > 0;) text.append(buffer, got);
  std::size_t begin = text.find('{');  // fio prints its warnings before
  if (begin == std::string::npos) return failure(ErrorCode::not_supported, "fio did not answer");
  nlohmann::json json = nlohmann::json::parse(text.substr(begin), nullptr, false);
  if (json.is_discarded()) return failure(ErrorCode::io_error, "fio answered what is not JSON");
  return json;
}

}  // namespace

Result<void> measure_ceilings(std::string_view phase, const std::string& directory, std::uint32_t body_bytes,
                              double seconds, const CeilingMeasured& measured) {
  std::string timed = fmt::format("--time_based --runtime={:.0f} ", std::max(std::round(seconds), 1.0));
  std::string read = "--rw=randread --direct=1 --ioengine=io_uring " + timed + fmt::format("--bs={} ", body_bytes);
  const Job jobs[] = {
      {"load", "load", "--rw=write --direct=1 --ioengine=io_uring --iodepth=4 --bs=1m", "data", "write"},
      {"cold", "get cold 1 in flight", read + "--iodepth=1", "data", "read"},
      {"cold", "get cold 32 in flight", read + "--iodepth=32", "data", "read"},
      {"synced", "load synced",
       "--rw=write --ioengine=psync --fdatasync=1 " + timed + fmt::format("--bs={}", batch_objects * body_bytes),
       "synced", "write"},
  };
  for (const Job& job : jobs) {
    if (job.phase != phase) continue;
    std::string file = fmt::format(" --filename={}/ceiling.{} --size={}", directory, job.file, file_size);
    TRY_ASSIGN(nlohmann::json answer, run_fio(job.arguments + file));
    measured(job.scenario, answer["jobs"][0][job.direction]["bw_bytes"].get<double>() / body_bytes);
  }
  return {};
}

}  // namespace shoal::bench
