#include "shoal/rados/rados_origin.h"

#include <utility>

#include "shoal/base/log.h"

namespace shoal::rados {

RadosOrigin::RadosOrigin(io::EventLoop& loop, Pool& pool, BucketTable& buckets, const Clock& clock,
                         RadosOptions options)
    : loop_(loop),
      clock_(clock),
      options_(options),
      pool_(pool, clock),
      buckets_(pool_, buckets, clock, options_),
      index_(pool_, clock),
      heads_(pool_, options_),
      stripes_(pool_, options_),
      uploads_(pool_, heads_, stripes_, clock, options_),
      changes_(heads_, index_, stripes_, uploads_, clock) {}

RadosOrigin::~RadosOrigin() = default;

Task<void> RadosOrigin::close() { co_await gate_.close(); }

/// Does what nobody waits for. What fails, or comes too late, is left to the sweep.
void RadosOrigin::clean_up(Task<Result<void>> cleaning) {
  auto pass = gate_.enter();
  if (pass) io::spawn(loop_, run_cleaning(std::move(cleaning), *std::move(pass)));
}

Task<void> RadosOrigin::run_cleaning(Task<Result<void>> cleaning, io::Gate::Pass pass) {
  auto cleaned = co_await std::move(cleaning);
  if (!cleaned) spdlog::debug("not cleaned up, left to the sweep reason={}", log_value(cleaned.error().message));
  static_cast<void>(pass);
}

}  // namespace shoal::rados
