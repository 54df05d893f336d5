#include "shoal/loadgen/load_report.h"

#include <vector>

#include <fmt/format.h>

#include "shoal/base/json.h"

namespace shoal::loadgen {
namespace {

struct Row {
  std::string_view operation;
  std::uint64_t requests;
  std::uint64_t errors;
  std::uint64_t wrong;
  double per_second;
  double mib_per_second;
  double p50, p90, p99, p999, max;
};

std::vector<Row> rows_of(const LoadOptions& options, const LoadResult& result) {
  std::vector<Row> rows;
  double seconds = std::chrono::duration<double>(result.elapsed).count();
  auto rate = [&](double count) { return seconds > 0 ? count / seconds : 0; };
  auto in_ms = [](std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); };
  for (OperationKind kind : operation_kinds) {
    const OperationStats& stats = result.stats.of(kind);
    if (options.weight_of(kind) <= 0) continue;
    const LatencyHistogram& latency = stats.latency;
    rows.push_back({.operation = name_of(kind),
                    .requests = stats.succeeded(),
                    .errors = stats.errors,
                    .wrong = stats.wrong,
                    .per_second = rate(static_cast<double>(stats.succeeded())),
                    .mib_per_second = rate(static_cast<double>(stats.bytes) / (1 << 20)),
                    .p50 = in_ms(latency.percentile(0.5)),
                    .p90 = in_ms(latency.percentile(0.9)),
                    .p99 = in_ms(latency.percentile(0.99)),
                    .p999 = in_ms(latency.percentile(0.999)),
                    .max = in_ms(latency.max())});
  }
  return rows;
}

double client_micros_per_request(const LoadStats& stats) {
  if (stats.requests_made == 0) return 0;
  return std::chrono::duration<double, std::micro>(stats.cpu).count() / static_cast<double>(stats.requests_made);
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

std::string to_table(const LoadOptions& options, const LoadResult& result) {
  std::string text =
      fmt::format("{:<9} {:>11} {:>8} {:>6} {:>11} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "operation", "requests",
                  "errors", "wrong", "requests/s", "MiB/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms");
  for (const Row& row : rows_of(options, result)) {
    text += fmt::format("{:<9} {:>11} {:>8} {:>6} {:>11.0f} {:>10.1f} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f}\n",
                        row.operation, row.requests, row.errors, row.wrong, row.per_second, row.mib_per_second, row.p50,
                        row.p90, row.p99, row.p999, row.max);
  }
  text += fmt::format("measured for {:.1f} s; this program used {:.2f} µs of CPU a request\n",
                      std::chrono::duration<double>(result.elapsed).count(), client_micros_per_request(result.stats));
  if (result.stats.reconnects > 0) {
    text += fmt::format("{} requests were sent again, because the server had closed their connection\n",
                        result.stats.reconnects);
  }
  for (const auto& [what, count] : result.stats.troubles) text += fmt::format("{} times {}\n", count, what);
  return text;
}

std::string to_csv(const LoadOptions& options, const LoadResult& result) {
  std::string text =
      "operation,connections,threads,requests,errors,wrong,requests_per_second,mib_per_second,p50_ms,p90_ms,p99_ms,"
      "p999_ms,max_ms\n";
  for (const Row& row : rows_of(options, result)) {
    text += fmt::format("{},{},{},{},{},{},{:.1f},{:.3f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f}\n", row.operation,
                        options.connections, options.threads, row.requests, row.errors, row.wrong, row.per_second,
                        row.mib_per_second, row.p50, row.p90, row.p99, row.p999, row.max);
  }
  return text;
}

std::string to_json(const LoadOptions& options, const LoadResult& result) {
  std::string rows, troubles;
  for (const Row& row : rows_of(options, result)) {
    rows += fmt::format(
        "{}\n    {{\"operation\": \"{}\", \"requests\": {}, \"errors\": {}, \"wrong\": {}, \"requests_per_second\": "
        "{:.1f}, "
        "\"mib_per_second\": {:.3f}, \"p50_ms\": {:.4f}, \"p90_ms\": {:.4f}, \"p99_ms\": {:.4f}, \"p999_ms\": {:.4f}, "
        "\"max_ms\": {:.4f}}}",
        rows.empty() ? "" : ",", row.operation, row.requests, row.errors, row.wrong, row.per_second, row.mib_per_second,
        row.p50, row.p90, row.p99, row.p999, row.max);
  }
  for (const auto& [what, count] : result.stats.troubles) {
    troubles +=
        fmt::format("{}\n    {{\"what\": {}, \"times\": {}}}", troubles.empty() ? "" : ",", json_string(what), count);
  }
  return fmt::format(
      "{{\n  \"connections\": {}, \"threads\": {}, \"objects\": {}, \"seconds\": {:.3f},\n"
      "  \"requests_made\": {}, \"client_cpu_us_per_request\": {:.3f}, \"reconnects\": {},\n  \"operations\": [{}],\n  "
      "\"troubles\": "
      "[{}]\n}}\n",
      options.connections, options.threads, options.objects, std::chrono::duration<double>(result.elapsed).count(),
      result.stats.requests_made, client_micros_per_request(result.stats), result.stats.reconnects, rows, troubles);
}

}  // namespace shoal::loadgen
