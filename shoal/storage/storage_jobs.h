#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"

namespace shoal::storage {

class Compactor;
class Quarantine;
class Scrubber;

enum class JobKind : std::uint8_t {
  verify,   ///< read all segments and compare them with their checksums, as fast as it goes
  scrub,    ///< the same for sealed segments, at the rate of the background
  compact,  ///< compact all that is worth it
};

enum class JobState : std::uint8_t { running, done, cancelled, failed };

std::string_view to_string(JobKind kind);
std::optional<JobKind> parse_job_kind(std::string_view text);
std::string_view to_string(JobState state);

struct StorageJob {
  std::uint64_t id = 0;  ///< since the start of the process
  JobKind kind{};
  JobState state = JobState::running;
  WallTime started{};
  std::optional<WallTime> ended;
  std::uint64_t bytes = 0;        ///< read; of compact: freed
  std::uint64_t bytes_total = 0;  ///< as far as it was known at the start
  std::uint64_t bytes_moved = 0;  ///< of compact: copied because they are still needed
  std::uint64_t segments = 0;     ///< that are done
  std::uint64_t damages = 0;      ///< places that are damaged, known before or not
  std::string message;            ///< why it failed
};

/// Work on the whole store that an operator starts, watches and ends. One at a time.
///
/// Belongs to the first loop.
class StorageJobs {
 public:
  struct Context {
    io::EventLoop* loop = nullptr;
    const Clock* clock = nullptr;
    Compactor* compactor = nullptr;
    Scrubber* scrubber = nullptr;
    std::uint64_t scrub_bytes_per_second = 0;
    /// How many bytes of the log are garbage.
    std::function<Task<std::uint64_t>()> garbage_bytes;
  };

  explicit StorageJobs(Context context) : context_(std::move(context)) {}

  /// conflict while another one runs. `bytes_per_second` instead of the rate of its kind; 0: as fast as it goes.
  Result<StorageJob> start(JobKind kind, std::optional<std::uint64_t> bytes_per_second);
  /// Those that were started last, the newest first.
  std::vector<StorageJob> all() const { return {jobs_.begin(), jobs_.end()}; }
  Result<StorageJob> find(std::uint64_t id) const;
  /// It ends soon; no_such_key if there is none of that number.
  Result<StorageJob> cancel(std::uint64_t id);
  /// Waits for the one that runs, which ends when compactor and scrubber are closed.
  Task<void> close() { return gate_.close(); }

 private:
  Task<void> run(io::Gate::Pass pass, std::optional<std::uint64_t> bytes_per_second);
  Task<Result<void>> read_all(std::uint64_t bytes_per_second);
  Task<Result<void>> compact();

  const Context context_;
  std::deque<StorageJob> jobs_;  ///< the first is the one that runs
  bool running_ = false;         ///< run() is on its way
  bool cancelled_ = false;
  io::Gate gate_;
};

}  // namespace shoal::storage
