#include "bench/engine/results.h"

#include <algorithm>
#include <optional>

#include "bench/engine/engine.h"
#include <fmt/format.h>

namespace shoal::bench {
namespace {

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string with_size(const std::string& scenario, std::uint32_t body_bytes) {
  return fmt::format("{} {} KiB", scenario, body_bytes / 1024);
}

/// Three digits, as the spread allows no more.
std::string short_number(double value) {
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e5) return fmt::format("{:.0f} k", value / 1e3);
  if (value >= 1e3) return fmt::format("{:.1f} k", value / 1e3);
  if (value >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, value >= 10 ? 1 : 2);
}

bool more_is_better(std::string_view unit) { return unit == "op/s"; }

}  // namespace

void Results::add(std::string_view scenario, std::uint32_t body_bytes, std::string_view system, std::string_view unit,
                  double value) {
  auto row = std::ranges::find_if(
      rows_, [&](const Row& each) { return each.scenario == scenario && each.body_bytes == body_bytes; });
  if (row == rows_.end()) {
    rows_.push_back({std::string(scenario), body_bytes, std::string(unit), {}, {}});
    row = rows_.end() - 1;
  }
  auto bound = row->values.find(ceiling);
  if (system == systems[0].name && bound != row->values.end()) row->to_ceiling.push_back(value / bound->second.back());
  row->values[std::string(system)].push_back(value);
}

std::vector<std::string> Results::systems_seen() const {
  std::vector<std::string> names;
  for (const System& system : systems) names.emplace_back(system.name);
  names.emplace_back(ceiling);
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::none_of(rows_, [&](const Row& row) { return row.values.contains(name); });
  });
  return names;
}

std::vector<const Results::Row*> Results::rows_by_size() const {
  std::vector<const Row*> rows;
  for (const Row& row : rows_) rows.push_back(&row);
  // The size that was measured first is the one with everything.
  std::uint32_t main_size = rows_.empty() ? 0 : rows_.front().body_bytes;
  std::ranges::stable_sort(rows, {},
                           [&](const Row* row) { return std::pair(row->body_bytes != main_size, row->body_bytes); });
  return rows;
}

std::string Results::to_table() const {
  std::vector<std::string> columns = systems_seen();
  std::string table = "| scenario | unit |";
  std::string line = "|---|---|";
  for (const std::string& system : columns) {
    table += fmt::format(" {} |", system);
    line += "--:|";
  }
  table += " ours : best peer | ours : fio |\n" + line + "--:|--:|\n";
  for (const Row* row : rows_by_size()) {
    table += fmt::format("| {} | {} |", with_size(row->scenario, row->body_bytes), row->unit);
    bool upwards = more_is_better(row->unit);
    std::optional<double> own, best;
    for (const std::string& system : columns) {
      auto found = row->values.find(system);
      if (found == row->values.end()) {
        table += " |";
        continue;
      }
      const std::vector<double>& values = found->second;
      double median = median_of(values);
      table += fmt::format(" {} ({} to {}) |", short_number(median), short_number(std::ranges::min(values)),
                           short_number(std::ranges::max(values)));
      if (system == bench::systems[0].name) {
        own = median;
      } else if (system != ceiling && (!best || (upwards ? median > *best : median < *best))) {
        best = median;
      }
    }
    bool comparable = own && best && *own > 0 && *best > 0;
    table += comparable ? fmt::format(" {:.2f} |", upwards ? *own / *best : *best / *own) : " |";
    table += row->to_ceiling.empty() ? " |\n" : fmt::format(" {:.2f} |\n", median_of(row->to_ceiling));
  }
  return table;
}

std::string Results::to_csv() const {
  std::string csv = "scenario,system,unit,median,min,max\n";
  for (const Row* row : rows_by_size()) {
    for (const std::string& system : systems_seen()) {
      auto found = row->values.find(system);
      if (found == row->values.end()) continue;
      const std::vector<double>& values = found->second;
      csv += fmt::format("{},{},{},{:.6g},{:.6g},{:.6g}\n", with_size(row->scenario, row->body_bytes), system,
                         row->unit, median_of(values), std::ranges::min(values), std::ranges::max(values));
    }
  }
  return csv;
}

std::vector<replay::Plot> Results::plots() const {
  std::vector<replay::Plot> plots;
  for (const Row& row : rows_) {
    if (row.unit != "op/s" && row.unit != "us") continue;
    auto plot = std::ranges::find(plots, row.scenario, &replay::Plot::title);
    if (plot == plots.end()) {
      const char* what = row.unit == "us" ? "µs an object" : "objects each second";
      plots.push_back({row.scenario, "bytes of a body", what, {}, replay::Plot::Values::numbers});
      plot = plots.end() - 1;
      for (const std::string& system : systems_seen()) plot->lines.push_back({system, {}});
    }
    for (replay::Plot::Line& line : plot->lines) {
      auto found = row.values.find(line.name);
      if (found == row.values.end()) continue;
      line.points.push_back({static_cast<double>(row.body_bytes), median_of(found->second)});
      std::ranges::sort(line.points, {}, &replay::Plot::Point::x);
    }
  }
  // A line needs two sizes.
  std::erase_if(plots, [](const replay::Plot& plot) {
    return std::ranges::all_of(plot.lines, [](const auto& line) { return line.points.size() < 2; });
  });
  return plots;
}

}  // namespace shoal::bench
