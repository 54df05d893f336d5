#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shoal/base/memory_account.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/model/object_key.h"
#include "shoal/storage/record.h"
#include "shoal/storage/salvage_window.h"
#include "shoal/storage/segment_file.h"

namespace shoal::storage {

/// A record whose head is good.
struct AuditedRecord {
  RecordHead head;  ///< views, valid until the next step
  RecordLocation location;
  std::optional<std::string> body_damage;  ///< the first block that does not match its checksum, or cannot be read
};

/// What a damaged head still seems to say. Nothing vouches for it.
struct GuessedRecord {
  RecordKind kind{};
  ObjectKey key;
  Sequence sequence;
};

/// Bytes between two records, or between a record and an end, that are no record: at least one head is damaged there,
/// and most often exactly one.
struct DamagedStretch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string reason;
  bool is_unreadable = false;          ///< the disk could not read some of it
  std::optional<GuessedRecord> guess;  ///< of the first record in it
};

using AuditItem = std::variant<AuditedRecord, DamagedStretch>;

/// Walks the records of a segment to its end, whatever is damaged on the way: behind a damaged head it goes on where
/// the head says that the next record is, or else at the next place that holds a record. (A record's checksum covers
/// its place, so that no bytes of a client are taken for one.)
class SegmentAudit {
 public:
  /// Called with the number of bytes that were looked at since the last call, about 256 KiB. May take its time, so that
  /// others get theirs; false ends the audit with cancelled.
  using Pause = std::function<Task<bool>(std::uint64_t bytes)>;

  struct Options {
    bool bodies = true;  ///< read and verify them
    Pause pause;         ///< may be empty
    MemoryAccount* account = nullptr;
  };

  /// The records begin at the segment's first page and end at `end`; `file` stays as long as the audit.
  SegmentAudit(io::File* file, SegmentId id, std::uint64_t salt, std::uint64_t end, Options options);

  /// Nothing at the end. not_supported if a newer version wrote the record that comes next; cancelled.
  Task<Result<std::optional<AuditItem>>> next();
  /// All bytes of a record that next() has just returned; none if the disk cannot read them all.
  Task<PinnedBytes> pin(RecordLocation location);
  /// Where the next step begins.
  std::uint64_t position() const { return position_; }

 private:
  /// The head at `offset`, copied to head_bytes_; corrupt if there is none, io_error if it cannot be read.
  Task<Result<RecordHead>> read_head(std::uint64_t offset);
  Task<Result<std::optional<std::string>>> check_body(RecordHead head, std::uint64_t begin);
  Task<Result<DamagedStretch>> skip_damage(Error error);
  Task<std::optional<GuessedRecord>> guess_at(std::uint64_t offset);
  Task<bool> pause_after(std::uint64_t bytes);

  const SegmentId id_;
  const std::uint64_t salt_;
  const std::uint64_t end_;
  const Options options_;
  SalvageWindow window_;
  std::uint64_t position_;
  std::uint64_t unpaused_ = 0;
  std::vector<std::byte> head_bytes_;
};

}  // namespace shoal::storage
