#include "shoal/storage/recovered_state.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"

namespace shoal::storage {
namespace {

/// Of what a checkpoint says, which is older than what is applied behind it.
constexpr Sequence from_checkpoint(1);

std::string removal_key(std::string_view bucket, std::string_view name) {
  return std::string(bucket).append(1, '\0').append(name);
}

}  // namespace

void RecoveredState::adopt(CheckpointRoot root, std::vector<ShardIndex> shards) {
  shards_ = std::move(shards);
  extents_ = std::move(root.extents);
  last_sequence_ = Sequence(root.next_sequence - 1);
  for (StoredBucket& bucket : root.buckets) {
    std::string name = bucket.info.name;
    buckets_[name] = {bucket.sequence, std::move(bucket.info)};
  }
  for (Upload& upload : root.uploads) {
    FoundUpload& found = uploads_[upload.info.id];
    found.created = from_checkpoint;
    for (auto& [number, part] : std::exchange(upload.parts, {})) {
      found.parts[number] = {from_checkpoint, std::move(part)};
    }
    found.upload = std::move(upload);
  }
}

Result<void> RecoveredState::apply(const RecordHead& head, RecordLocation location) {
  Sequence sequence = head.header.sequence;
  last_sequence_ = std::max(last_sequence_, sequence);
  if (is_skipped_kind(head.header.kind)) return {};
  switch (head.header.kind) {
    case RecordKind::put:
    case RecordKind::manifest:
    case RecordKind::upload_complete:
      return apply_object(head, location);
    case RecordKind::remove:
      apply_removal(head);
      return {};
    case RecordKind::extent:
      extents_.insert_or_assign(sequence, location);
      return {};
    case RecordKind::bucket_put: {
      Newest<BucketInfo>& bucket = buckets_[std::string(head.bucket)];
      if (sequence <= bucket.sequence) return {};
      bucket.sequence = sequence;
      TRY_ASSIGN(bucket.value, decode_bucket(head.info, head.bucket));
      return {};
    }
    case RecordKind::bucket_remove: {
      Sequence& removed = removed_buckets_[std::string(head.bucket)];
      removed = std::max(removed, sequence);
      return {};
    }
    case RecordKind::upload_create: {
      TRY_ASSIGN(UploadInfo info, decode_upload(head.info, head.key()));
      FoundUpload& found = uploads_[info.id];
      found.created = sequence;
      found.upload.info = std::move(info);
      found.upload.location = location;
      return {};
    }
    case RecordKind::upload_abort: {
      TRY_ASSIGN(std::string id, decode_upload_id(head.info));
      uploads_[id].ended = sequence;
      return {};
    }
    case RecordKind::part:
      return apply_part(head, location);
    case RecordKind::damaged: {
      TRY_ASSIGN(RecordKind kind, decode_damaged_kind(head.info));
      if (kind != RecordKind::extent) return apply_object(head, location);
      extents_.insert_or_assign(sequence, location);
      return {};
    }
  }
  return {};
}

Result<void> RecoveredState::apply_object(const RecordHead& head, RecordLocation location) {
  Sequence sequence = head.header.sequence;
  TRY_ASSIGN(StoredObject object, decode_object(head.info, sequence));
  if (head.header.kind == RecordKind::upload_complete) uploads_[object.upload_id].ended = sequence;
  ObjectKeyView key(head.bucket, head.name);
  ShardIndex& shard = shards_[shard_of(key.slot()).value()];
  // Of two copies of a record the one that is found later: the other may be in a segment that is gone.
  std::optional<ObjectPlace> present = shard.locate(key);
  if (present && present->sequence > sequence) return {};
  auto removed = removed_objects_.find(removal_key(head.bucket, head.name));
  if (removed != removed_objects_.end() && removed->second > sequence) return {};
  shard.put(key, to_index_entry(object, sequence, location));
  return {};
}

void RecoveredState::apply_removal(const RecordHead& head) {
  Sequence sequence = head.header.sequence;
  Sequence& removed = removed_objects_[removal_key(head.bucket, head.name)];
  removed = std::max(removed, sequence);
  ObjectKeyView key(head.bucket, head.name);
  ShardIndex& shard = shards_[shard_of(key.slot()).value()];
  std::optional<ObjectPlace> present = shard.locate(key);
  if (present && present->sequence < sequence) shard.erase(key);
}

Result<void> RecoveredState::apply_part(const RecordHead& head, RecordLocation location) {
  TRY_ASSIGN(StoredPart stored, decode_part(head.info));
  Newest<UploadPart>& part = uploads_[stored.upload_id].parts[stored.part.number];
  if (head.header.sequence < part.sequence) return {};
  part.sequence = head.header.sequence;
  part.value.info = std::move(stored.part);
  part.value.extents = std::move(stored.extents);
  part.value.location = location;
  return {};
}

Sequence RecoveredState::removed_at(const std::string& bucket) const {
  auto found = removed_buckets_.find(bucket);
  return found == removed_buckets_.end() ? Sequence() : found->second;
}

Result<void> RecoveredState::finish(const std::set<SegmentId>& segments) {
  for (auto& [name, bucket] : buckets_) {
    if (bucket.sequence > removed_at(name))
      live_buckets_.emplace(name, StoredBucket{std::move(bucket.value), bucket.sequence});
  }
  TRY(finish_objects());
  TRY(finish_uploads());
  TRY(finish_extents());
  TRY(check_segments(segments));
  removed_objects_.clear();
  uploads_.clear();
  buckets_.clear();
  return {};
}

bool RecoveredState::concerns_object(const RecordHead& head) {
  return is_object(head.header.kind) || head.header.kind == RecordKind::remove;
}

std::optional<std::size_t> RecoveredState::erase_removed(ShardIndex* shard) const {
  for (const auto& [bucket, removed] : removed_buckets_) {
    if (!shard->has_any(bucket)) continue;
    if (std::optional<std::size_t> missing = shard->erase_older(bucket, removed)) return missing;
  }
  return std::nullopt;
}

Result<void> RecoveredState::finish_objects() {
  for (const ShardIndex& shard : shards_) {
    for (const auto& [bucket, objects] : shard.objects()) {
      if (live_buckets_.contains(bucket)) continue;
      return failure(
          ErrorCode::corrupt,
          fmt::format("there are objects of the bucket {}, but not the bucket: a segment is missing", bucket));
    }
  }
  return {};
}

Result<void> RecoveredState::finish_uploads() {
  for (auto& [id, found] : uploads_) {
    if (found.created == Sequence() || found.ended != Sequence()) continue;
    const std::string& bucket = found.upload.info.key.bucket;
    if (found.created < removed_at(bucket)) continue;
    if (!live_buckets_.contains(bucket)) {
      return failure(
          ErrorCode::corrupt,
          fmt::format("there are uploads to the bucket {}, but not the bucket: a segment is missing", bucket));
    }
    for (auto& [number, part] : found.parts) found.upload.parts.emplace(number, std::move(part.value));
    live_uploads_.push_back(std::move(found.upload));
  }
  return {};
}

/// Keeps those that something names.
Result<void> RecoveredState::finish_extents() {
  std::unordered_map<Sequence, RecordLocation> kept;
  auto keep = [&](const ExtentList& extents) -> Result<void> {
    for (const ExtentRef& extent : extents) {
      auto found = extents_.find(extent.sequence);
      if (found == extents_.end()) {
        return failure(ErrorCode::corrupt, fmt::format("there is no extent {}", extent.sequence.value()));
      }
      kept.insert(*found);
    }
    return {};
  };
  for (const ShardIndex& shard : shards_) {
    for (const auto& [sequence, extents] : shard.extents()) {
      Result<void> complete = keep(*extents);
      if (complete) continue;
      std::string owner;
      shard.for_each([&](const ObjectKey& key, const IndexEntry& entry) {
        if (entry.sequence == sequence) owner = key.bucket + "/" + key.name;
      });
      return failure(ErrorCode::corrupt,
                     fmt::format("{} of the object {}", complete.error().message, log_value(owner)));
    }
  }
  for (const Upload& upload : live_uploads_) {
    for (const auto& [number, part] : upload.parts) {
      TRY(keep(part.extents));
    }
  }
  extents_ = std::move(kept);
  return {};
}

Result<void> RecoveredState::check_segments(const std::set<SegmentId>& segments) const {
  auto check = [&](SegmentId id) -> Result<void> {
    if (segments.contains(id)) return {};
    return failure(ErrorCode::corrupt, fmt::format("segment {} is missing: it holds what is still needed", id.value()));
  };
  for (const ShardIndex& shard : shards_) {
    for (const auto& [id, bytes] : shard.live_bytes()) {
      TRY(check(id));
    }
  }
  for (const auto& [sequence, location] : extents_) {
    TRY(check(location.segment));
  }
  for (const Upload& upload : live_uploads_) {
    TRY(check(upload.location.segment));
    for (const auto& [number, part] : upload.parts) {
      TRY(check(part.location.segment));
    }
  }
  return {};
}

}  // namespace shoal::storage
