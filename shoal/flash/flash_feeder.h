#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "shoal/flash/flash_cache.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"

namespace shoal::flash {

/// Feeds a FlashCache a few times a second, at a bounded rate. One loop.
class FlashFeeder {
 public:
  struct Options {
    std::uint64_t bytes_per_second = 32_MiB;
    std::chrono::milliseconds interval{200};
  };

  /// All outlive the feeder.
  FlashFeeder(FlashCache& cache, EvictionPreview& preview, io::Timers& timers, Options options)
      : cache_(cache), preview_(preview), timers_(timers), timer_(timers.make_timer()), options_(options) {}

  /// Feeds until stop().
  Task<void> run();
  /// Returns when run() has ended.
  Task<void> stop();

 private:
  FlashCache& cache_;
  EvictionPreview& preview_;
  io::Timers& timers_;
  const std::unique_ptr<io::Timer> timer_;
  const Options options_;
  bool stopping_ = false;
  io::Gate gate_;
};

}  // namespace shoal::flash
