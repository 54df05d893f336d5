#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/memory_account.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/timers.h"
#include "shoal/model/conditional_reads.h"
#include "shoal/model/object_store.h"
#include "shoal/storage/layout.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/quarantine.h"
#include "shoal/storage/read_memory.h"
#include "shoal/storage/scrubber.h"
#include "shoal/storage/segment_format.h"
#include "shoal/storage/segment_table.h"
#include "shoal/storage/storage_jobs.h"

namespace shoal::storage {

/// How space comes back.
struct CompactionOptions {
  /// Segments are compacted while more than this share of the log is garbage; 1: never.
  double garbage_share_max = 0.33;
  std::uint64_t bytes_per_second = 128_MiB;  ///< of copying; 0: as fast as it goes
  /// Writes are refused with disk_full before they take the last of the disk, which compaction needs to make room.
  std::uint64_t reserve_bytes = 16_MiB;
};

/// Since the start.
struct CompactionCounters {
  std::uint64_t segments = 0;     ///< removed
  std::uint64_t bytes_moved = 0;  ///< copied because they are still needed
  std::uint64_t bytes_freed = 0;
};

struct CheckpointOptions {
  /// The least that the log grows between two checkpoints; it grows more where the index is large.
  std::uint64_t log_bytes = 64_MiB;
};

/// Since the start.
struct CheckpointCounters {
  std::uint64_t checkpoints = 0;
  std::uint64_t bytes_written = 0;  ///< of index pages
};

struct LogEngineOptions {
  std::string directory;  ///< made if it is missing; its parent must exist
  std::uint64_t segment_bytes = 256_MiB;
  /// Objects up to this size are one record and are read at once; larger ones are stored in extents of this size and
  /// read through a BodyReader. At most record_body_bytes_max.
  std::uint64_t extent_bytes_max = 4_MiB;
  Durability durability = Durability::sync;
  std::chrono::milliseconds sync_interval{100};  ///< of Durability::periodic
  std::uint64_t home_epoch = 0;                  ///< fence token written into every record
  std::string program = "shoal";                 ///< who makes a new directory, for people who look into FORMAT
  /// Memory for the index, all loops together; beyond, pages that were not used for long stay in the checkpoint and
  /// take a read when they are. Some 10 bytes an object are needed in any case. 0: no limit.
  std::uint64_t index_memory_max = 0;
  CompactionOptions compaction;
  CheckpointOptions checkpoints;
  ScrubOptions scrub;
  const Clock* clock = &system_clock();
  ReadMemory read_memory;                  ///< of the bodies that were read
  MemoryAccount* index_account = nullptr;  ///< charged with the index; outlives the engine
};

/// A data directory, open: its lock, its segments and one ObjectStore for each event loop.
///
/// The stores cover each other: a key's operations go to the store of its loop (owner_of), bucket operations and
/// listings to any. The number of loops may differ from one start to the next.
class LogEngine {
 public:
  /// A loop, and what belongs to it. All outlive the engine.
  struct Core {
    io::EventLoop* loop = nullptr;
    io::Disk* disk = nullptr;
    io::Timers* timers = nullptr;  ///< null: real time
  };

  /// Opens the directory and recovers what it holds; runs on the loop of the first core. conflict if another process
  /// has it open, not_supported if a newer version wrote it, corrupt with the file and place if something that had been
  /// stored durably is damaged or missing.
  static Task<Result<std::unique_ptr<LogEngine>>> open(LogEngineOptions options, std::vector<Core> cores);

  virtual ~LogEngine() = default;

  /// Waits for writes on their way, then makes everything durable, seals the segments and writes a last checkpoint, so
  /// that the next start knows that nothing is missing and reads no log. Readers and writers that are still held only
  /// fail afterwards. Without it the engine may be destroyed once its loops have stopped; that is a crash as far as the
  /// disk is concerned.
  virtual Task<Result<void>> close() = 0;

  /// The store of a loop; lives as long as the engine.
  virtual ObjectStore& store(std::size_t loop_index) = 0;
  /// The same store. What is unchanged is told from the index, without a read of the disk.
  virtual ConditionalReads& comparing_store(std::size_t loop_index) = 0;
  /// Of the directory; no other has it, also none that was made in its place.
  virtual const DirectoryId& directory_id() const = 0;
  /// Index of the loop that owns a slot's keys.
  virtual std::size_t owner_of(Slot slot) const = 0;

  /// What get() says of each key, in their order, wherever they belong: every loop submits its reads together. Readers
  /// of large objects belong to the loops of their keys. On any loop of the engine.
  virtual Task<std::vector<Result<std::optional<Object>>>> multi_get(std::vector<ObjectKey> keys) = 0;

  struct Statistics {
    std::uint64_t objects = 0;
    std::map<SegmentId, std::uint64_t> live_bytes;  ///< bytes of records that are still needed
    std::uint64_t log_bytes = 0;                    ///< bytes of all records
    std::uint64_t appended_bytes = 0;               ///< to the log since the start, copies of compaction too
    std::uint64_t groups = 0;                       ///< group commits since the start
    std::uint64_t index_bytes = 0;                  ///< of memory
    std::uint64_t index_reads = 0;                  ///< of pages that were not in it, since the start
    std::uint64_t recovered_records = 0;            ///< that were read at the start, behind the checkpoint
    CompactionCounters compaction;
    CheckpointCounters checkpoints;
    std::uint64_t segments = 0;
    ScrubCounters scrub;
    std::uint64_t damages_found = 0;  ///< since the start
    std::uint64_t quarantined = 0;    ///< of them, those that still matter
  };
  /// On the first loop.
  virtual Task<Statistics> statistics() = 0;

  /// Compacts all that is worth it now, whatever share of the log is garbage. On the first loop.
  virtual Task<Result<void>> compact() = 0;

  /// Writes a checkpoint of the index now, so that the next start need not read what was written before. On the first
  /// loop.
  virtual Task<Result<void>> checkpoint() = 0;

  /// What an operator starts. On the first loop.
  virtual StorageJobs& jobs() = 0;
  /// What was found damaged and still is. On the first loop.
  virtual Task<std::vector<QuarantinedRecord>> quarantined() = 0;
  /// By id. Any thread.
  virtual std::vector<SegmentSummary> segments() const = 0;
};

}  // namespace shoal::storage
