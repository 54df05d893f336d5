#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/checkpoint_root.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {

struct RecoveryOptions {
  const Clock* clock = &system_clock();
  std::uint64_t index_memory_max = 0;  ///< 0: no limit
};

/// A checkpoint as it was read: the descriptions of the shards have become shards.
struct LoadedCheckpoint {
  CheckpointRoot root;
  std::vector<ShardIndex> shards;
  std::set<SegmentId> covered_before;  ///< by the checkpoint too that would serve if this one were damaged
};

/// Reads the newest checkpoint of the directory, or the one before it if that is damaged, and says so in the log.
/// Nothing if there was never one; corrupt if none can be read. Pages that do not fit into the memory for the index are
/// not read. Logs its progress when it takes longer than a second.
Task<Result<std::optional<LoadedCheckpoint>>> load_newest_checkpoint(io::Disk* disk, const LogNumbers* numbers,
                                                                     RecoveryOptions options);

}  // namespace shoal::storage
