#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/io/disk.h"
#include "shoal/storage/info_codec.h"
#include "shoal/storage/log_writer.h"
#include "shoal/storage/segment_scanner.h"
#include "shoal/storage/shard_index.h"
#include "shoal/storage/upload.h"

namespace shoal::storage {

struct RecoveredBucket {
  BucketInfo info;
  Sequence sequence;  ///< of its record
};

/// What the records of all segments add up to, whatever the order in which they are applied: of two records about one
/// thing the one with the larger sequence number counts.
class RecoveredState {
 public:
  RecoveredState() : shards_(shard_count) {}

  Result<void> apply(const RecordHead& head, RecordLocation location);
  /// Drops what later records ended, and checks that what is left is complete: an object whose bucket or extents are
  /// missing means that a segment is missing, which is corrupt.
  Result<void> finish();

  // After finish():
  std::vector<ShardIndex>& shards() { return shards_; }
  std::map<std::string, RecoveredBucket>& buckets() { return live_buckets_; }
  std::vector<Upload>& uploads() { return live_uploads_; }
  /// Of live objects and uploads only.
  const std::unordered_map<Sequence, RecordLocation>& extents() const { return extents_; }
  Sequence last_sequence() const { return last_sequence_; }

 private:
  template <typename Value>
  struct Newest {
    Sequence sequence;
    Value value;
  };
  struct FoundUpload {
    Sequence created;  ///< 0: its creation was not found yet
    Sequence ended;    ///< 0: not ended
    Upload upload;
    std::map<std::uint32_t, Newest<UploadPart>> parts;
  };

  Result<void> apply_object(const RecordHead& head, RecordLocation location);
  void apply_removal(const RecordHead& head);
  Result<void> apply_part(const RecordHead& head, RecordLocation location);
  Sequence removed_at(const std::string& bucket) const;
  Result<void> finish_objects();
  Result<void> finish_uploads();
  Result<void> keep_extents(const ExtentList& extents, std::unordered_map<Sequence, RecordLocation>& kept) const;

  std::vector<ShardIndex> shards_;
  std::unordered_map<std::string, Sequence> removed_objects_;  ///< by bucket, NUL, name
  std::map<std::string, Newest<RecoveredBucket>> buckets_;
  std::map<std::string, Sequence> removed_buckets_;
  std::map<std::string, FoundUpload> uploads_;  ///< by id
  std::unordered_map<Sequence, RecordLocation> extents_;
  Sequence last_sequence_;

  std::map<std::string, RecoveredBucket> live_buckets_;
  std::vector<Upload> live_uploads_;
};

struct RecoveredSegment {
  SegmentId id;
  std::uint64_t salt = 0;
};

struct RecoveryReport {
  std::vector<RecoveredSegment> segments;
  std::uint64_t records = 0;
  std::uint64_t bytes_cut = 0;  ///< remains of writes that were never acknowledged
};

/// Reads all segments into `state`, cuts off what was never acknowledged and seals what was not sealed, so that nothing
/// is appended to a segment of an earlier run. Sets the numbers from which to go on and
/// fills the table of segments. Logs its progress when it takes
/// longer than a second. Changes nothing on disk unless every segment was found in order.
Task<Result<RecoveryReport>> recover(io::Disk* disk, LogNumbers* numbers, RecoveredState* state, const Clock* clock);

}  // namespace shoal::storage
