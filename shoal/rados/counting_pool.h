#pragma once

#include "shoal/base/clock.h"
#include "shoal/base/log_throttle.h"
#include "shoal/origin/origin_counters.h"
#include "shoal/rados/pool.h"

namespace shoal::rados {

/// Counts what is done with a pool, and logs now and then that it fails. One loop.
class CountingPool final : public Pool {
 public:
  /// Both outlive this.
  CountingPool(Pool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

  Task<Result<ReadAnswer>> read(std::string object, ReadOperation operation) override;
  Task<Result<void>> write(std::string object, WriteOperation operation) override;

  const origin::OriginCounters& counters() const { return counters_; }

 private:
  void note_failure(const Error& error);

  Pool& pool_;
  const Clock& clock_;
  origin::OriginCounters counters_;
  LogThrottle failures_{std::chrono::seconds(10)};
};

}  // namespace shoal::rados
