#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/loadgen/body_generator.h"
#include "shoal/loadgen/load_options.h"
#include "shoal/loadgen/load_stats.h"
#include "shoal/loadgen/object_names.h"
#include "shoal/loadgen/worker.h"

namespace shoal::loadgen {

/// What all workers have done so far.
struct LoadProgress {
  std::string_view phase;  ///< "prepare", "warm up", "load" or "clean up"
  std::chrono::nanoseconds elapsed{};
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
};

/// The outcome of the load itself.
struct LoadResult {
  LoadStats stats;
  std::chrono::nanoseconds elapsed{};  ///< that was measured
};

/// One load from its preparation to the removal of what it made. Blocks; one owner at a time.
class LoadRun {
 public:
  /// Called about five times a second on the thread that waits for the workers.
  using Watch = std::function<void(const LoadProgress&)>;

  /// Fails with invalid_argument when the options do not fit together, io_error when the system refuses.
  static Result<std::unique_ptr<LoadRun>> create(LoadOptions options);
  LoadRun(const LoadRun&) = delete;  // workers point into it
  LoadRun& operator=(const LoadRun&) = delete;

  /// Makes the bucket, unless it is there, and the objects that the load needs.
  Result<void> prepare(const Watch& watch);
  Result<LoadResult> measure(const Watch& watch);

  struct Removed {
    std::uint64_t objects = 0;
    bool bucket = false;
  };
  /// Removes the objects that were made and, if it was made too, the bucket. Also after a failure and after stop().
  Result<Removed> clean_up(const Watch& watch);

  /// The running phase comes to its end. Any thread, and a signal handler.
  void stop() { stop_.store(true, std::memory_order_relaxed); }
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }

  const LoadOptions& options() const { return options_; }

 private:
  explicit LoadRun(LoadOptions options);

  using Sources = std::vector<std::unique_ptr<OperationSource>>;
  Result<LoadStats> run_workers(Sources sources, Worker::Window window, std::string_view phase, const Watch& watch);
  LoadProgress progress(std::string_view phase, MonotonicTime began) const;

  const LoadOptions options_;
  const ObjectNames names_;
  const BodyGenerator bodies_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> stop_ = false;
  bool bucket_made_ = false;
};

}  // namespace shoal::loadgen
