#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/checkpoint_loader.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/recovered_state.h"

namespace shoal::storage {

struct RecoveredSegment {
  SegmentId id;
  std::uint64_t salt = 0;
};

struct RecoveryReport {
  std::vector<RecoveredSegment> segments;
  std::uint64_t checkpoint = 0;                     ///< the one that was gone on from; 0: none
  std::map<std::uint32_t, PageFileUse> page_files;  ///< of the checkpoint
  std::uint64_t records = 0;                        ///< read behind it
  std::uint64_t bytes = 0;                          ///< of those records
  std::uint64_t bytes_cut = 0;                      ///< remains of writes that were never acknowledged
};

/// Reads the newest checkpoint and what the log says behind it into `state`, cuts off what was never acknowledged and
/// seals what was not sealed, so that nothing is appended to a segment of an earlier run. Sets the numbers from which
/// to go on and fills the table of segments. Logs its progress when it takes longer than a second. Changes nothing on
/// disk unless everything was found in order.
Task<Result<RecoveryReport>> recover(io::Disk* disk, LogNumbers* numbers, RecoveredState* state,
                                     RecoveryOptions options);

}  // namespace shoal::storage
