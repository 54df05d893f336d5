#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_audit.h"
#include "shoal/storage/segment_file.h"
#include "shoal/storage/segment_format.h"

namespace shoal::storage {

/// A window on a file that moves forward in large reads.
class FileWindow {
 public:
  FileWindow(io::File* file, std::uint64_t file_bytes, std::uint64_t read_bytes = 1_MiB)
      : file_(file), file_bytes_(file_bytes), read_bytes_(read_bytes) {}
  /// The bytes [offset, offset + length), fewer at the end of the file. Valid until the next call.
  Task<Result<ByteSpan>> at(std::uint64_t offset, std::uint64_t length);

 private:
  io::File* file_;
  std::uint64_t file_bytes_;
  std::uint64_t read_bytes_;
  std::vector<std::byte> bytes_;
  std::uint64_t begin_ = 0;
};

/// What is known of a segment before its records are read.
struct SegmentBounds {
  std::uint64_t durable_end = segment_page_bytes;  ///< every record before this must be intact
  std::uint64_t limit = 0;                         ///< nothing behind this is a record
  bool verify_bodies = true;                       ///< of records that may be torn: nobody said yet that they are whole
};

struct SegmentContent {
  std::uint64_t end = segment_page_bytes;  ///< behind the last valid record
  std::uint64_t records = 0;
  std::uint64_t statement_bytes = 0;  ///< of those that were read
  Sequence first_sequence;
  Sequence last_sequence;
};

/// Called with every valid record in order; an error ends the scan. The head stays until the task is done.
using VisitRecord = std::function<Task<Result<void>>(const RecordHead*, RecordLocation)>;

/// Reads the records of a segment behind those that `content` counts already, bodies only if they are to be verified.
///
/// A record that is not valid ends the segment if it can be the remains of a write that was never acknowledged. It is
/// corrupt, with the place in the message, if it lies before the durable end, or if a valid record behind it says that
/// it had been durable.
Task<Result<SegmentContent>> scan_segment(io::File* file, std::string path, SegmentHeader header, SegmentBounds bounds,
                                          SegmentContent content, const VisitRecord* visit);

/// What compaction has to know of a record to decide about it.
struct ScannedRecord {
  RecordHeader header;
  ObjectKey key;
  std::string info;  ///< of records about uploads only
  RecordLocation location;
  PinnedBytes bytes;  ///< all of it, unverified; none if it is large or could not be read
};

/// Walks the records of a segment that has an end, some at a time.
class RecordScan {
 public:
  /// The records end at `end`. What is read is charged to the account, if any.
  RecordScan(io::File* file, SegmentId id, std::uint64_t salt, std::uint64_t end, MemoryAccount* account);

  /// The next records: none at the end, at most `records_max`, and no more once they are `bytes_max` together. What is
  /// damaged is passed over. io_error when the disk cannot read: that may be over the next time.
  Task<Result<std::vector<ScannedRecord>>> next(std::size_t records_max, std::uint64_t bytes_max);
  /// What was passed over.
  const std::vector<DamagedStretch>& damaged() const { return damaged_; }

 private:
  SegmentAudit audit_;
  std::vector<DamagedStretch> damaged_;
};

}  // namespace shoal::storage
