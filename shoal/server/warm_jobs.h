#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/cache/object_prefix.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/model/object_store.h"

namespace shoal::server {

/// Objects being read into memory in the background.
struct WarmJob {
  enum class State : std::uint8_t { running, done, failed, cancelled };

  std::uint64_t id = 0;
  cache::ObjectPrefix what;
  std::uint64_t bytes_per_second = 0;  ///< at most; 0: as fast as it goes
  State state = State::running;
  WallTime started;
  std::optional<WallTime> ended = {};
  std::uint64_t objects_total = 0;  ///< 0 until it was counted
  std::uint64_t bytes_total = 0;
  std::uint64_t objects = 0;  ///< gone through
  std::uint64_t bytes = 0;    ///< of these
  std::uint64_t failed = 0;   ///< of these
  std::string last = {};      ///< name of the last one: where another job could go on
  std::string message = {};   ///< why it failed, or the first object did
};

std::string_view to_string(WarmJob::State state);

/// The jobs that were started last. Each goes on when an object cannot be read, and ends when listing fails. One loop.
class WarmJobs {
 public:
  static constexpr std::size_t running_max = 4;

  /// All outlive this; `store` is that of the loop.
  WarmJobs(io::EventLoop& loop, io::Timers& timers, ObjectStore& store) : loop_(loop), timers_(timers), store_(store) {}
  /// close() has finished, or none was ever started.
  ~WarmJobs() = default;
  WarmJobs(const WarmJobs&) = delete;  // jobs point here
  WarmJobs& operator=(const WarmJobs&) = delete;

  /// Begins behind the name `after`. conflict while as many run as may; closed after close().
  Result<WarmJob> start(cache::ObjectPrefix what, std::string after, std::uint64_t bytes_per_second);
  /// no_such_key if it is not known any more.
  Result<WarmJob> find(std::uint64_t id) const;
  /// It ends soon; one that has ended stays as it is. no_such_key as above.
  Result<WarmJob> cancel(std::uint64_t id);
  /// Oldest first.
  std::vector<WarmJob> all() const;
  /// Cancels all and waits for them.
  Task<void> close();

 private:
  struct Running {
    WarmJob job;
    bool is_cancelled = false;
    std::unique_ptr<io::Timer> pause;
  };
  static constexpr std::size_t remembered_max = 32;

  Running* look_up(std::uint64_t id) const;
  static void cancel(Running& running);
  Task<void> run(std::shared_ptr<Running> running, io::Gate::Pass pass);
  Task<Result<void>> count(Running* running, std::string after);
  Task<Result<void>> read(Running* running, std::string after);

  io::EventLoop& loop_;
  io::Timers& timers_;
  ObjectStore& store_;
  io::Gate gate_;
  std::uint64_t last_id_ = 0;
  std::deque<std::shared_ptr<Running>> jobs_;
};

}  // namespace shoal::server
