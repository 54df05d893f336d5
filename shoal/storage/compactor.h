#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/async_mutex.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/io/timers.h"
#include "shoal/storage/log_engine.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/segment_scanner.h"

namespace shoal::storage {

class BucketDirectory;
class LogStore;

/// Gets space back: takes the segment whose removal costs least for what it brings, copies what is still needed to the
/// segments of what lives long, and removes it. Victims are chosen as LFS does (Rosenblum and Ousterhout, "The Design
/// and Implementation of a Log-Structured File System", section 3.5): by free share times age over cost, with the
/// distance in sequence numbers as age.
///
/// It begins when a share of the log is garbage, and earlier when the disk is nearly full. It is throttled unless there
/// is much more garbage than that, or hardly any space.
///
/// A record is needed if the index of its loop points at it; a deletion until the last two checkpoints know of it.
/// Copies keep their sequence number, so that it does not matter to recovery which of two it finds. A segment is
/// removed when all that it was needed for is durable elsewhere, and what replaced the rest is durable too; who reads
/// from it may go on.
///
/// Belongs to the first loop.
class Compactor {
 public:
  struct Context {
    io::EventLoop* loop = nullptr;
    io::Disk* disk = nullptr;
    io::Timers* timers = nullptr;
    LogNumbers* numbers = nullptr;
    std::vector<LogStore*>* stores = nullptr;
    BucketDirectory* buckets = nullptr;
    std::string quarantine_path;  ///< directory for bytes that nobody can read
    CompactionOptions options;
    std::uint64_t segment_bytes = 0;
    MemoryAccount* account = nullptr;  ///< charged with what is read
  };

  explicit Compactor(Context context);

  /// Something changed: looks soon whether there is something to do. Any thread.
  static void wake(const std::weak_ptr<Compactor>& compactor);

  /// Compacts until no segment is worth it that is allowed to go, or `go_on`, asked now and then, says no.
  Task<Result<void>> compact_all(std::function<bool()> go_on = {});

  /// Ends after the batch that is on its way.
  Task<void> close();

  const CompactionCounters& counters() const { return counters_; }

 private:
  struct Victim {
    SegmentSummary segment;
    std::uint64_t live_bytes = 0;
    bool deletions_are_needed = true;
    double score = 0;
  };
  /// Segments of which all that is needed lies elsewhere too.
  struct Emptied {
    std::vector<SegmentId> segments;
    std::uint64_t bytes_freed = 0;
  };

  Task<void> run(std::shared_ptr<Compactor> self);
  /// Compacts the best victims. Whether there were any, if more than this share of the log is garbage.
  Task<Result<bool>> compact_some(double garbage_share_max);
  Task<std::vector<Victim>> choose(double garbage_share_max);
  /// Whether writes would soon be refused: then whatever garbage there is has to go, as quickly as it can.
  Task<bool> is_space_short();
  /// Copies what is needed of the segment, and notes it as emptied unless it has to stay.
  Task<Result<void>> empty(Victim victim, Emptied* emptied);
  /// Keeps what lay in damaged stretches, as far as anybody knows it (salvage.h). False if the segment may have deleted
  /// something of which no checkpoint knows.
  Task<Result<bool>> salvage(const Victim* victim, io::File* file, const std::vector<DamagedStretch>* stretches);
  /// Copies what is needed of what is scanned, and reads on meanwhile. How many bytes were copied.
  Task<Result<std::uint64_t>> move_all(RecordScan* scan, bool deletions_are_needed);
  static Task<void> read_batch(RecordScan* scan, Result<std::vector<ScannedRecord>>* batch);
  /// Copies what is needed of the records, each on its loop.
  Task<void> move_batch(std::vector<ScannedRecord> records, bool deletions_are_needed, Result<std::uint64_t>* copied);
  static Task<void> move_there(LogStore* store, std::vector<ScannedRecord> records, bool deletions_are_needed,
                               Result<std::uint64_t>* copied);
  Task<Result<void>> remove(const Emptied* emptied);
  Task<Result<void>> remove_file(SegmentId id);
  Task<void> pace(std::uint64_t bytes);
  std::size_t store_of(const ScannedRecord& record) const;

  const Context context_;
  const std::unique_ptr<io::Timer> pace_timer_;
  io::AsyncMutex one_at_a_time_;
  io::Gate gate_;
  bool running_ = false;
  bool wanted_ = false;
  bool hurries_ = false;  ///< since the last victims were chosen
  CompactionCounters counters_;
};

}  // namespace shoal::storage
