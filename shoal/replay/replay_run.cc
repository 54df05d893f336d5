#include "shoal/replay/replay_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <sstream>
#include <thread>

#include "shoal/base/text.h"

namespace shoal::replay {
namespace {

std::string_view to_string(Unit unit) { return unit == Unit::bytes ? "bytes" : "objects"; }

std::string fixed(double value, int digits) {
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(digits);
  text << value;
  return text.str();
}

Result<Trace> read_one(const std::filesystem::path& file, const ReplayOptions& options, ReplayProgress progress) {
  TraceFormat format;
  if (options.format) {
    format = *options.format;
  } else {
    TRY_ASSIGN(format, trace_format_of(file));
  }
  std::string what = "read " + trace_name_of(file);
  return read_trace(file, format, [&](std::uint64_t done, std::uint64_t total) {
    progress(what, total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total));
  });
}

void run_jobs(const Trace& trace, std::vector<ReplayRow>& rows, std::size_t first, const ReplayOptions& options,
              ReplayProgress progress) {
  std::atomic<std::size_t> next = first;
  std::mutex progress_mutex;
  std::size_t done = 0;  // guarded by progress_mutex
  auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < rows.size();) {
      ReplayRow& row = rows[i];
      auto start = std::chrono::steady_clock::now();
      row.outcome = policy_named(row.policy)->run(trace, row.unit, row.cache_size, options.shards);
      row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::lock_guard lock(progress_mutex);
      ++done;
      progress(row.trace + ' ' + row.policy, static_cast<double>(done) / static_cast<double>(rows.size() - first));
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < options.threads; ++i) others.emplace_back(work);
  work();
}

}  // namespace

std::uint64_t CacheSize::of(const Trace& trace, Unit unit) const {
  if (percent == 0) return absolute;
  double size = static_cast<double>(trace.footprint(unit)) * percent / 100;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(size));
}

Result<CacheSize> parse_cache_size(std::string_view text) {
  auto bad = [&] {
    return failure(ErrorCode::invalid_argument, "a cache size is like 1000, 64MiB or 5%, not " + std::string(text));
  };
  std::size_t digits = text.find_first_not_of("0123456789.");
  std::string number(text.substr(0, digits));
  std::string_view unit = digits == std::string_view::npos ? std::string_view() : text.substr(digits);
  if (number.empty() || number.size() > 18) return bad();
  if (unit == "%") {
    char* end = nullptr;
    double percent = std::strtod(number.c_str(), &end);
    if (*end != '\0' || percent <= 0) return bad();
    return CacheSize{.percent = percent};
  }
  auto value = parse_decimal(number);
  constexpr std::pair<std::string_view, int> units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  for (auto [name, shift] : units)
    if (value && *value > 0 && unit == name && *value <= UINT64_MAX >> shift >> 1)
      return CacheSize{.absolute = *value << shift};
  return bad();
}

Result<std::vector<ReplayRow>> replay_traces(const ReplayOptions& options, ReplayProgress progress) {
  std::vector<ReplayRow> rows;
  for (const std::filesystem::path& file : options.traces) {
    TRY_ASSIGN(Trace trace, read_one(file, options, progress));
    Unit unit = options.unit.value_or(trace.sized ? Unit::bytes : Unit::objects);
    std::size_t first = rows.size();
    for (const NamedPolicy* policy : options.policies) {
      for (const CacheSize& size : options.sizes) {
        rows.push_back({.trace = trace.name,
                        .policy = std::string(policy->name),
                        .cache_size = size.of(trace, unit),
                        .unit = unit,
                        .outcome = {}});
      }
    }
    run_jobs(trace, rows, first, options, progress);
  }
  return rows;
}

std::vector<Plot> plots_of(const std::vector<ReplayRow>& rows) {
  std::vector<Plot> plots;
  for (const ReplayRow& row : rows) {
    bool bytes = row.unit == Unit::bytes;
    if (plots.empty() || plots.back().title != row.trace)
      plots.push_back({.title = row.trace,
                       .x_label = bytes ? "cache size (bytes)" : "cache size (objects)",
                       .y_label = "object hit ratio",
                       .lines = {}});
    auto& lines = plots.back().lines;
    if (lines.empty() || lines.back().name != row.policy) lines.push_back({.name = row.policy, .points = {}});
    lines.back().points.push_back({static_cast<double>(row.cache_size), row.outcome.object_hit_ratio()});
  }
  return plots;
}

std::string to_csv(const std::vector<ReplayRow>& rows) {
  std::string csv = "trace,policy,cache_size,unit,object_hit_ratio,byte_hit_ratio\n";
  for (const ReplayRow& row : rows) {
    csv += row.trace + ',' + row.policy + ',' + std::to_string(row.cache_size) + ',' +
           std::string(to_string(row.unit)) + ',' + fixed(row.outcome.object_hit_ratio(), 6) + ',' +
           fixed(row.outcome.byte_hit_ratio(), 6) + '\n';
  }
  return csv;
}

std::string to_table(const std::vector<ReplayRow>& rows) {
  std::string table;
  auto pad = [](std::string text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
  };
  auto name = [](std::string text) { return text + std::string(text.size() < 12 ? 12 - text.size() : 1, ' '); };
  constexpr std::size_t column = 14;
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i;
    while (end < rows.size() && rows[end].trace == rows[i].trace) ++end;
    bool bytes = rows[i].unit == Unit::bytes;
    table += rows[i].trace + ": " + std::to_string(rows[i].outcome.requests) + " requests; hits, % of requests" +
             (bytes ? " / % of bytes" : "") + "; Mreq/s\n" + name("");
    for (std::size_t j = i; j < end && rows[j].policy == rows[i].policy; ++j)
      table += pad(std::to_string(rows[j].cache_size), column);
    for (std::size_t j = i; j < end;) {
      std::string policy = rows[j].policy;
      table += '\n' + name(policy);
      double seconds = 0;
      double requests = 0;
      for (; j < end && rows[j].policy == policy; ++j) {
        const Outcome& outcome = rows[j].outcome;
        std::string cell = fixed(outcome.object_hit_ratio() * 100, 2);
        if (bytes) cell += " /" + pad(fixed(outcome.byte_hit_ratio() * 100, 2), 6);
        table += pad(cell, column);
        seconds += rows[j].seconds;
        requests += static_cast<double>(outcome.requests);
      }
      table += pad(fixed(requests / std::max(seconds, 1e-9) / 1e6, 1), 8);
    }
    table += "\n\n";
    i = end;
  }
  return table;
}

}  // namespace shoal::replay
