#pragma once

#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/segment_audit.h"
#include "shoal/storage/segment_file.h"
#include "shoal/storage/segment_table.h"

namespace shoal::storage {

class BucketDirectory;
class LogStore;

/// What is needed to keep what lay in the damaged stretches of a segment that is about to go.
struct Salvage {
  io::Disk* disk = nullptr;
  std::vector<LogStore*>* stores = nullptr;
  BucketDirectory* buckets = nullptr;
  std::string quarantine_path;  ///< directory for the bytes; made if it is missing
  SegmentSummary segment;
};

/// Copies the bytes of a record to a file in the quarantine directory, durably, for people.
Task<Result<void>> keep_record(io::Disk* disk, std::string quarantine_path, RecordLocation location, PinnedBytes bytes);

/// Copies the bytes of the stretches to files in the quarantine directory, durably, for people; then lets the stores
/// write elsewhere what their indexes know of what was there, and the records of buckets that may have been among it.
/// Whether the index explains every byte: if not, there was garbage, or a deletion. Runs on the first loop.
Task<Result<bool>> keep_damaged(Salvage salvage, io::File* file, std::vector<DamagedStretch> stretches);

}  // namespace shoal::storage
