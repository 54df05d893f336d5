#include "shoal/server/request_metrics.h"

#include <algorithm>
#include <string>
#include <vector>

namespace shoal::server {

void RequestMetrics::record(std::optional<s3::Operation> operation, int status, const RequestStages& stages) {
  verify_.record(stages.verify);
  work_.record(stages.work);
  send_.record(stages.send);
  std::size_t row = operation ? static_cast<std::size_t>(*operation) : operation_count;
  auto column = static_cast<std::size_t>(std::ranges::find(statuses, status) - statuses.begin());
  requests_[row][column].add(1);
}

void RequestMetrics::write(metrics::TextWriter& writer, std::span<const RequestMetrics* const> loops) {
  writer.counter("shoal_requests_total",
                 "S3 requests by operation and status of the answer; none: there was no answer to send.");
  for (std::size_t row = 0; row < operations; ++row) {
    std::string_view operation = row < operation_count ? s3::to_string(static_cast<s3::Operation>(row)) : "unknown";
    for (std::size_t column = 0; column <= statuses.size(); ++column) {
      std::uint64_t requests = 0;
      for (const RequestMetrics* loop : loops) requests += loop->requests_[row][column].value();
      if (requests == 0) continue;
      std::string status = column == statuses.size() ? "other" : std::to_string(statuses[column]);
      writer.sample(requests, {{"operation", operation}, {"status", column == 0 ? "none" : status}});
    }
  }

  writer.histogram(
      "shoal_request_stage_seconds",
      "Time of S3 requests. verify: until the sender is proved and the request understood; work: until the "
      "answer is ready; send: until it is with the kernel.");
  auto stage = [&](std::string_view name, metrics::DurationHistogram RequestMetrics::* member) {
    std::vector<const metrics::DurationHistogram*> parts;
    for (const RequestMetrics* loop : loops) parts.push_back(&(loop->*member));
    writer.histogram_sample(parts, {{"stage", name}});
  };
  stage("verify", &RequestMetrics::verify_);
  stage("work", &RequestMetrics::work_);
  stage("send", &RequestMetrics::send_);
}

}  // namespace shoal::server
