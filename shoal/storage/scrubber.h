#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/memory_account.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/async_mutex.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/quarantine.h"
#include "shoal/storage/segment_audit.h"

namespace shoal::storage {

class Compactor;
class LogStore;

/// How stored data is read again and verified while the server runs.
struct ScrubOptions {
  std::uint64_t bytes_per_second = 4_MiB;              ///< 0: never
  std::chrono::milliseconds interval{7 * 86'400'000};  ///< each sealed segment is verified again after this; 0: never
};

/// Since the start.
struct ScrubCounters {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t damages = 0;  ///< places, counted each time they are seen
};

/// Reads sealed segments in turn, slowly, past every cache, and compares them with their checksums, so that damage is
/// found while there may still be another copy of what it hit. What it finds goes to the quarantine with its key: where
/// a head cannot be read, the index says what was there. A segment of which the next start could not read a page or a
/// head is handed to compaction.
///
/// When each segment was verified last is kept in the file `scrub` of the data directory: a restart goes on there. A
/// segment is due one interval after it was first seen.
///
/// Belongs to the first loop, in whose idle time it works: when its timers come late, it waits longer.
class Scrubber {
 public:
  struct Context {
    io::EventLoop* loop = nullptr;
    io::Disk* disk = nullptr;
    io::Timers* timers = nullptr;
    LogNumbers* numbers = nullptr;
    std::vector<LogStore*>* stores = nullptr;
    Quarantine* quarantine = nullptr;
    std::weak_ptr<Compactor> compactor;
    MemoryAccount* account = nullptr;
    std::string directory;
    ScrubOptions options;
  };

  /// Told of bytes that were read; false ends the pass with cancelled.
  using Progress = std::function<bool(std::uint64_t bytes)>;
  struct Pass {
    std::uint64_t bytes_per_second = 0;  ///< 0: as fast as it goes
    bool open_segments = false;          ///< those too that are being written, up to their last durable record
    Progress progress;
  };

  explicit Scrubber(Context context);

  /// Works in the background until close(), unless the options say never.
  void start();
  /// Reads all segments now.
  Task<Result<void>> run_pass(Pass pass);
  /// Ends the pause of a pass, so that `progress` is asked at once.
  void end_pause() { pace_timer_->cancel(); }
  /// How much a pass would read now.
  std::uint64_t bytes_of_pass(bool open_segments) const;
  Task<void> close();

  const ScrubCounters& counters() const { return counters_; }

 private:
  Task<void> run(io::Gate::Pass pass);
  Task<void> load();
  Task<void> save();
  /// The segment that is due first, and when. Takes note of segments that are new or gone.
  std::optional<std::pair<WallTime, SegmentSummary>> next_due();
  Task<Result<void>> scrub(SegmentSummary segment, std::uint64_t bytes_per_second, Progress progress);
  Task<Result<void>> scrub_records(io::File* file, SegmentSummary segment, SegmentAudit::Pause pause);
  Task<void> check_pages(io::File* file, SegmentSummary segment);
  Task<void> found_body(SegmentSummary segment, Damage damage);
  Task<void> found_stretch(SegmentSummary segment, DamagedStretch stretch);
  void found_page(const SegmentSummary& segment, std::uint64_t offset, std::string reason);
  void hand_to_compaction(SegmentId id);
  bool is_there(SegmentId id) const;
  Task<bool> pace(std::uint64_t bytes, std::uint64_t bytes_per_second, const Progress* progress);
  std::string path_of(SegmentId id) const;

  const Context context_;
  const std::unique_ptr<io::Timer> timer_;
  const std::unique_ptr<io::Timer> pace_timer_;
  io::AsyncMutex one_at_a_time_;
  io::Gate gate_;
  std::map<SegmentId, WallTime> verified_;  ///< when last, or when first seen
  ScrubCounters counters_;
};

}  // namespace shoal::storage
