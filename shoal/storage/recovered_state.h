#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/storage/checkpoint_root.h"
#include "shoal/storage/record.h"
#include "shoal/storage/shard_index.h"
#include "shoal/storage/upload.h"

namespace shoal::storage {

/// What the records of all segments add up to, whatever the order in which they are applied: of two records about one
/// thing the one with the larger sequence number counts.
class RecoveredState {
 public:
  RecoveredState() : shards_(shard_count) {}

  /// Begins with what a checkpoint says, its shards filled. What is applied afterwards was said later, or is in the
  /// checkpoint as well.
  void adopt(CheckpointRoot root, std::vector<ShardIndex> shards);
  /// Whether applying the record looks at what the index says of its key, or changes it: that page has to be there.
  static bool concerns_object(const RecordHead& head);
  /// Drops objects that went with their bucket. A page of the shard that has to be filled first, until it is done.
  std::optional<std::size_t> erase_removed(ShardIndex* shard) const;
  Result<void> apply(const RecordHead& head, RecordLocation location);
  /// After erase_removed(): drops what later records ended, and checks that what is left is complete: an object whose
  /// bucket or extents are missing means that a segment is missing, which is corrupt. `segments` are those that exist.
  Result<void> finish(const std::set<SegmentId>& segments);

  // After finish():
  std::vector<ShardIndex>& shards() { return shards_; }
  std::map<std::string, StoredBucket>& buckets() { return live_buckets_; }
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
  Result<void> finish_extents();
  Result<void> check_segments(const std::set<SegmentId>& segments) const;

  std::vector<ShardIndex> shards_;
  std::unordered_map<std::string, Sequence> removed_objects_;  ///< by bucket, NUL, name
  std::map<std::string, Newest<BucketInfo>> buckets_;
  std::map<std::string, Sequence> removed_buckets_;
  std::map<std::string, FoundUpload> uploads_;  ///< by id
  std::unordered_map<Sequence, RecordLocation> extents_;
  Sequence last_sequence_;

  std::map<std::string, StoredBucket> live_buckets_;
  std::vector<Upload> live_uploads_;
};

}  // namespace shoal::storage
