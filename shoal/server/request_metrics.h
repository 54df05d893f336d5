#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "shoal/metrics/duration_histogram.h"
#include "shoal/metrics/loop_counter.h"
#include "shoal/metrics/text_writer.h"
#include "shoal/s3/operation.h"

namespace shoal::server {

inline constexpr std::size_t operation_count = static_cast<std::size_t>(s3::Operation::select_object_content) + 1;

/// Where the time of one request went.
struct RequestStages {
  std::chrono::nanoseconds verify{};  ///< until the sender was proved and the request understood
  std::chrono::nanoseconds work{};    ///< until the answer's head was ready: body taken, object found, disk
  std::chrono::nanoseconds send{};    ///< until the answer was with the kernel

  std::chrono::nanoseconds total() const { return verify + work + send; }
};

/// What the S3 endpoint of one loop counts. The loop records, any thread reads.
class RequestMetrics {
 public:
  /// No operation: it was refused before that was known. Status 0: the connection broke before there was an answer.
  void record(std::optional<s3::Operation> operation, int status, const RequestStages& stages);

  /// Of several loops together.
  static void write(metrics::TextWriter& writer, std::span<const RequestMetrics* const> loops);

 private:
  /// The statuses that S3 has answers with, and 0; one more class is for all others.
  static constexpr std::array<int, 18> statuses = {0,   200, 204, 206, 304, 400, 403, 404, 405,
                                                   408, 409, 411, 412, 416, 417, 500, 501, 503};
  static constexpr std::size_t operations = operation_count + 1;  // the last one: unknown
  using StatusCounts = std::array<metrics::LoopCounter, statuses.size() + 1>;

  metrics::DurationHistogram verify_;
  metrics::DurationHistogram work_;
  metrics::DurationHistogram send_;
  std::array<StatusCounts, operations> requests_;
};

}  // namespace shoal::server
