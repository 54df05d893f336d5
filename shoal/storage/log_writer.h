#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/suspend.h"
#include "shoal/io/timers.h"
#include "shoal/io/wait_queue.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_format.h"
#include "shoal/storage/segment_table.h"

namespace shoal::storage {

/// What all writers of one data directory share. Any thread.
struct LogNumbers {
  DirectoryId directory{};
  std::string segments_path;
  std::string checkpoints_path;
  std::atomic<std::uint64_t> next_sequence{1};
  std::atomic<std::uint32_t> next_segment{1};
  std::atomic<std::uint64_t> checkpoint{0};      ///< number of the newest
  std::atomic<std::uint64_t> appended_bytes{0};  ///< to the log, since the start
  SegmentTable segments;
};

/// When a write is acknowledged.
enum class Durability {
  sync,     ///< when it is on the disk
  periodic  ///< when it is written; a power cut may take what the last interval acknowledged, the newest first
};

/// A record that is where it will stay.
struct Appended {
  Sequence sequence;
  RecordLocation location;
};

/// Appends records of one loop to segments, in order, by group commit: what arrives while a group is written and synced
/// is the next group. A loop has two: one for what is new, one for what compaction moves, so that what lives long does
/// not lie among what is soon replaced.
///
///               submit()                 write + sync succeed
///     [idle] ------------> [write_group] --------------------> finish(place) of each, next group or [idle]
///                            |        ^
///          write, sync fail  v        | retire_tail() succeeds
///                          [tail void]
///
/// After a failed write or sync nothing is known about the bytes behind the last completed sync, and no later success
/// repairs that. They are made void: a new segment is begun whose header says where the old one ends, or, if that
/// fails, a footer is put there. Then the group fails (and what was submitted behind it, whose conditions may have
/// relied on it); none of it can come back at the next start. Until one of the two succeeds, the keys of the failed
/// group are in doubt and every write fails.
///
/// Belongs to one loop.
class LogWriter {
 public:
  struct Options {
    std::uint64_t segment_bytes = 256_MiB;
    std::uint64_t group_bytes_max = 8_MiB;
    Durability durability = Durability::sync;
    std::chrono::milliseconds sync_interval{100};  ///< of periodic
    std::uint64_t home_epoch = 0;
    std::uint64_t reserve_bytes = 0;  ///< no segment is begun that would leave less on the disk
  };

  /// Called once, on the loop, in the order of submission, when the record is durable or has failed.
  using Finish = std::move_only_function<void(Result<Appended>)>;
  /// Told of every segment before a record in it is finished.
  using SegmentMade = std::move_only_function<void(SegmentId, std::uint64_t salt)>;
  /// Told when a segment is full, and in between when the log has grown by a good deal; may be empty.
  using LogGrew = std::move_only_function<void()>;

  /// Told when no key is in doubt any more.
  using DoubtsSettled = std::move_only_function<void()>;

  LogWriter(io::EventLoop* loop, io::Disk* disk, io::Timers* timers, LogNumbers* numbers, Options options,
            SegmentMade segment_made, LogGrew log_grew, DoubtsSettled doubts_settled);
  LogWriter(const LogWriter&) = delete;  // the running group points here
  LogWriter& operator=(const LogWriter&) = delete;

  /// Gives the record its sequence number and its turn; the disk is used later.
  Sequence submit(Record record, Finish finish);
  /// The same for a copy of a record that lies elsewhere: it keeps its number and its home epoch.
  void submit_copy(Record record, Finish finish);
  /// Returns when everything that was submitted before is finished.
  Task<void> drain();
  /// Makes durable what was written, in periodic mode too.
  Task<Result<void>> sync();
  /// Drains, seals the active segment; later submissions fail with closed.
  Task<Result<void>> close();

  /// Whether a failed write of this key (bucket, then name) may yet come back at the next start, so that nothing may be
  /// said about the key.
  bool is_in_doubt(std::string_view key) const { return !doubtful_.empty() && doubtful_.contains(std::string(key)); }
  bool has_doubts() const { return !doubtful_.empty(); }

  /// How many groups were written; with the number of records, how well group commit works.
  std::uint64_t groups() const { return groups_; }

 private:
  struct Pending {
    Record record;
    Finish finish;
  };
  struct Segment {
    SegmentId id;
    std::uint64_t salt = 0;
    std::unique_ptr<io::File> file;
    std::uint64_t capacity = 0;
    std::uint64_t end = 0;          ///< behind the last record that was written
    std::uint64_t durable_end = 0;  ///< behind the last record that is durable
    std::uint64_t records = 0;
    Sequence first_sequence;
    Sequence last_sequence;
    bool sync_failed = false;  ///< outside of a group
  };
  struct Group {
    std::vector<Pending> pending;
    std::vector<std::string> heads;
    std::vector<ByteSpan> pieces;
    std::uint64_t bytes = 0;
  };

  void enqueue(Record record, Finish finish);
  void ensure_running();
  Task<void> run();
  Task<void> run_syncs();
  /// Syncs the active segment, or puts another in its place, when nothing else does.
  Task<Result<void>> alone(Task<Result<void>> change);
  Task<void> write_group();
  Task<Result<void>> write_durably(std::vector<ByteSpan> pieces);
  /// Leaves an active segment with room for a record of this size, or an error.
  Task<Result<void>> make_room(std::uint64_t record_bytes);
  Task<Result<void>> begin_segment(std::uint64_t record_bytes);
  Task<Result<void>> try_begin_segment(std::uint64_t capacity);
  Task<Result<std::unique_ptr<io::File>>> create_segment_file(std::string path, std::uint64_t capacity,
                                                              SegmentHeader header);
  Task<Result<void>> retire_tail();
  Task<Result<void>> sync_active();
  Task<Result<void>> seal_active();
  Task<Result<void>> write_footer(Segment* segment);
  Group take_group();
  void finish_group(Group group);
  void fail_all(std::vector<Pending> group, const Error& error);
  void count_finished(std::size_t records);
  void plan_sync();
  Task<void> sync_after_interval();
  std::string path_of(SegmentId id) const;

  // Set once.
  io::EventLoop* const loop_;
  io::Disk* const disk_;
  io::Timers* const timers_;
  LogNumbers* const numbers_;
  const Options options_;
  SegmentMade segment_made_;
  LogGrew log_grew_;
  DoubtsSettled doubts_settled_;

  std::deque<Pending> queue_;
  std::unique_ptr<Segment> active_;
  /// Behind the end of `active_` lies a group that failed, and the disk does not know yet that it is void.
  bool tail_void_ = false;
  std::set<std::string> doubtful_;
  /// What the header of the next segment says about the one before it.
  SegmentHeader next_header_;

  bool running_ = false;        ///< run() is on its way; only it writes
  bool syncs_running_ = false;  ///< run_syncs() is on its way
  bool changing_ = false;       ///< alone() is on its way
  io::WaitQueue change_over_;
  bool closed_ = false;
  std::uint64_t submitted_ = 0;
  std::uint64_t finished_ = 0;
  std::vector<std::pair<std::uint64_t, io::Resume<void>>> draining_;  ///< by what `finished_` must reach
  std::vector<io::Resume<Result<void>>> syncing_;
  // Of periodic durability:
  std::unique_ptr<io::Timer> sync_timer_;
  bool sync_planned_ = false;  ///< sync_after_interval() is on its way
  bool closing_ = false;
  io::WaitQueue sync_over_;
  std::uint64_t groups_ = 0;
};

}  // namespace shoal::storage
