#include "shoal/rados/counting_pool.h"

#include <utility>

#include "shoal/base/log.h"

namespace shoal::rados {
namespace {

/// Whether an error is an answer to what was asked.
bool is_answer(ErrorCode code) {
  return code == ErrorCode::no_such_file || code == ErrorCode::file_exists || code == ErrorCode::precondition_failed;
}

}  // namespace

void CountingPool::note_failure(const Error& error) {
  if (is_answer(error.code)) return;
  counters_.failures.fetch_add(1, std::memory_order_relaxed);
  if (auto occurrences = failures_.due(clock_.monotonic())) {
    spdlog::warn("rados failed occurrences={} error={} reason={}", *occurrences, to_string(error.code),
                 log_value(error.message));
  }
}

Task<Result<ReadAnswer>> CountingPool::read(std::string object, ReadOperation operation) {
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  auto answer = co_await pool_.read(std::move(object), std::move(operation));
  if (!answer) {
    note_failure(answer.error());
  } else {
    counters_.bytes_read.fetch_add(answer->data_bytes, std::memory_order_relaxed);
  }
  co_return answer;
}

Task<Result<void>> CountingPool::write(std::string object, WriteOperation operation) {
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  counters_.bytes_sent.fetch_add(operation.data ? operation.data->size() : 0, std::memory_order_relaxed);
  auto written = co_await pool_.write(std::move(object), std::move(operation));
  if (!written) note_failure(written.error());
  co_return written;
}

}  // namespace shoal::rados
