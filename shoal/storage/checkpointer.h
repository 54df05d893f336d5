#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/async_mutex.h"
#include "shoal/io/disk.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/gate.h"
#include "shoal/storage/checkpoint_root.h"
#include "shoal/storage/log_engine.h"
#include "shoal/storage/log_writer.h"

namespace shoal::storage {

class BucketDirectory;
class Compactor;
class LogStore;

/// Writes checkpoints, so that a start reads the index instead of the log, and deletions need not be kept.
///
/// The pages of the index that changed are written to new files, by each loop its own; then a root that names all pages
/// takes the place of the one before, and that one of its predecessor. Nothing that either names is ever overwritten.
/// While it is written everything goes on: the root tells for each segment up to where it certainly holds what the log
/// says, and what comes later may be in it too (as in ARIES; Mohan et al., "ARIES: A Transaction Recovery Method",
/// 1992). A file of which less than half is in use is emptied by the next checkpoint.
///
/// Belongs to the first loop.
class Checkpointer {
 public:
  struct Context {
    io::EventLoop* loop = nullptr;
    io::Disk* disk = nullptr;
    LogNumbers* numbers = nullptr;
    std::vector<LogStore*>* stores = nullptr;
    BucketDirectory* buckets = nullptr;
    std::weak_ptr<Compactor> compactor;  ///< may drop deletions after a checkpoint
    CheckpointOptions options;
    std::map<std::uint32_t, PageFileUse> page_files;  ///< of the newest checkpoint
    std::uint64_t replayed_bytes = 0;                 ///< of the log, which the start read behind it
  };

  explicit Checkpointer(Context context);

  /// Why one may be due.
  enum class Need {
    log,    ///< it grew
    memory  ///< of the index: pages that changed cannot leave it before they are stored
  };
  /// Looks soon whether it is time. Any thread.
  static void wake(const std::weak_ptr<Checkpointer>& checkpointer, Need need);

  /// Writes one now. io_error while the effect of a failed write is unknown. After an error the checkpoints are what
  /// they were.
  Task<Result<void>> checkpoint();

  /// Ends after the one that is on its way.
  Task<void> close() { return gate_.close(); }
  /// Writes a last one if the log grew since the newest; after the stores were closed.
  Task<Result<void>> finish();

  const CheckpointCounters& counters() const { return counters_; }

 private:
  struct Attempt;

  Task<void> run(std::shared_ptr<Checkpointer> self);
  Task<Result<void>> write_one();
  bool is_time() const;
  std::uint64_t bytes_behind_newest() const;
  Task<Result<void>> write(Attempt* attempt);
  Task<Result<void>> choose_files(Attempt* attempt);
  Task<Result<void>> save_store(Attempt* attempt, std::size_t index);
  Task<Result<void>> write_root(Attempt* attempt);
  Task<void> undo(Attempt* attempt);
  Task<Result<void>> remove_unused();
  std::string path_of(const std::string& name) const { return context_.numbers->checkpoints_path + "/" + name; }

  const Context context_;
  io::AsyncMutex one_at_a_time_;
  io::Gate gate_;
  bool running_ = false;
  bool wanted_ = false;
  bool memory_is_short_ = false;
  std::map<std::uint32_t, PageFileUse> files_;         ///< of the newest root
  std::map<std::uint32_t, PageFileUse> files_before_;  ///< of the one before it
  std::uint64_t replayed_bytes_ = 0;                   ///< that the newest does not cover
  std::uint64_t newest_appended_ = 0;                  ///< what was appended to the log when the newest was begun
  std::uint64_t newest_bytes_ = 0;                     ///< of the pages that the newest wrote
  CheckpointCounters counters_;
};

}  // namespace shoal::storage
