#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/model/buffer.h"
#include "shoal/storage/layout.h"
#include "shoal/storage/read_memory.h"
#include "shoal/storage/record.h"
#include "shoal/storage/segment_format.h"

namespace shoal::storage {

/// Bytes of a file and what keeps them.
struct PinnedBytes {
  BufferRef owner;
  ByteSpan bytes;
};

/// A record as it was read: the head is verified and refers to the pinned bytes.
struct PinnedRecord {
  PinnedBytes pinned;
  RecordHead head;
};

/// A segment as one loop reads it. Whoever holds a pointer pins the segment: its file stays readable.
class SegmentFile {
 public:
  SegmentFile(io::Disk* disk, std::string path, SegmentId id, std::uint64_t salt, ReadMemory memory)
      : disk_(disk), path_(std::move(path)), id_(id), salt_(salt), memory_(memory) {}
  SegmentFile(const SegmentFile&) = delete;  // readers point here
  SegmentFile& operator=(const SegmentFile&) = delete;

  SegmentId id() const { return id_; }
  std::uint64_t salt() const { return salt_; }
  const std::string& path() const { return path_; }

  /// Opens the file, which the first read does otherwise: who has done so may go on reading after it was removed.
  Task<Result<void>> open();
  /// Exactly these bytes with one read that bypasses the page cache, once there is memory for them; corrupt if the file
  /// ends before, overloaded if the memory did not come in time. The object must stay until the call is done.
  Task<Result<PinnedBytes>> read(std::uint64_t offset, std::uint64_t length);
  /// Reads and verifies the head of a record, which must have this sequence number.
  Task<Result<PinnedRecord>> read_head(RecordLocation location, Sequence sequence);
  /// Reads and verifies a whole record.
  Task<Result<PinnedRecord>> read_record(RecordLocation location, Sequence sequence);
  /// The same for a copy: a mark of a damaged record is one as well, and a damaged body is told in `body_damage`, if
  /// it is found twice.
  Task<Result<PinnedRecord>> read_for_copy(RecordLocation location, Sequence sequence,
                                           std::optional<std::string>* body_damage);
  /// Verifies a whole record, or a mark, all of whose bytes were read from `location`; corrupt if they were not.
  Result<PinnedRecord> verified_record(PinnedBytes bytes, RecordLocation location, Sequence sequence) const;
  /// The head at the front of bytes that were read from `location`. corrupt also for the mark of a damaged record.
  Result<RecordHead> verified_head(ByteSpan bytes, RecordLocation location, Sequence sequence) const;
  /// The same error with the name of the file and the place of the record.
  std::unexpected<Error> damaged(const Error& error, RecordLocation location) const;

 private:
  Result<RecordHead> parse_at(ByteSpan bytes, RecordLocation location, Sequence sequence) const;

  io::Disk* const disk_;
  const std::string path_;
  const SegmentId id_;
  const std::uint64_t salt_;
  const ReadMemory memory_;
  std::unique_ptr<io::File> file_;  ///< opened by the first read
};

/// Puts the footer behind the records of a segment, cuts the file there and syncs it. Nothing may be appended from the
/// call on, whether it succeeds or not.
Task<Result<void>> seal_segment(io::File* file, SegmentFooter footer);

using SegmentPin = std::shared_ptr<SegmentFile>;

}  // namespace shoal::storage
