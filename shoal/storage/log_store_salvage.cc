// What those who look for damage ask of a store: what the index knows of a place that cannot be read, and to write down
// elsewhere what it knows.
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "shoal/io/suspend.h"
#include "shoal/storage/log_store.h"
#include "shoal/storage/quarantine.h"
#include "shoal/storage/salvage.h"

namespace shoal::storage {
namespace {

using Publish = std::move_only_function<void(RecordLocation)>;

}  // namespace

Task<Result<std::optional<RecordLocation>>> LogStore::find_record(RecordKind kind, ObjectKey key, Sequence sequence) {
  using Found = std::optional<RecordLocation>;
  if (auto extent = extents_.find(sequence); extent != extents_.end()) co_return Found(extent->second);
  if (!is_object(kind)) co_return Found();
  while (!is_at_hand(key)) {
    CO_TRY(co_await fetch_page(key));
  }
  std::optional<ObjectPlace> place = locate(key);
  if (!place || place->sequence != sequence) co_return Found();
  co_return Found(place->location);
}

Task<Result<std::vector<IndexedRecord>>> LogStore::records_in(SegmentId id, std::uint64_t begin, std::uint64_t end) {
  auto is_inside = [&](const RecordLocation& location) {
    return location.segment == id && location.offset() >= begin && location.offset() < end;
  };
  std::vector<IndexedRecord> found;
  std::unordered_map<Sequence, RecordLocation> extents;
  for (const auto& [sequence, location] : extents_) {
    if (is_inside(location)) extents.emplace(sequence, location);
  }
  auto add_extents = [&](const ObjectKey& key, const ExtentList& list) {
    for (const ExtentRef& ref : list) {
      auto extent = extents.find(ref.sequence);
      if (extent == extents.end()) continue;
      found.push_back({RecordKind::extent, key, ref.sequence, extent->second, {}, 0});
      extents.erase(extent);
    }
  };
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    CO_TRY(co_await fetch_shard(shard.get()));
    shard->for_each([&](const ObjectKey& key, const IndexEntry& entry) {
      if (is_inside(entry.location)) {
        found.push_back(
            {entry.extents ? RecordKind::manifest : RecordKind::put, key, entry.sequence, entry.location, {}, 0});
      }
      if (entry.extents && !extents.empty()) add_extents(key, *entry.extents);
    });
  }
  for (const auto& [upload_id, own] : uploads_) {
    const Upload& upload = own.upload;
    if (is_inside(upload.location)) {
      found.push_back({RecordKind::upload_create, upload.info.key, Sequence(), upload.location, upload_id, 0});
    }
    for (const auto& [number, part] : upload.parts) {
      if (is_inside(part.location)) {
        found.push_back({RecordKind::part, upload.info.key, Sequence(), part.location, upload_id, number});
      }
      add_extents(upload.info.key, part.extents);
    }
  }
  // Of a writer that has not committed yet.
  for (const auto& [sequence, location] : extents) {
    found.push_back({RecordKind::extent, ObjectKey(), sequence, location, {}, 0});
  }
  co_return found;
}

Record LogStore::damaged_mark_of(const IndexedRecord& damaged, const StoredObject& object) const {
  Record record = make_record(RecordKind::damaged, damaged.key, encode_damaged(damaged.kind, object));
  record.header.sequence = damaged.sequence;
  record.header.home_epoch = context_.options->home_epoch;
  return record;
}

Task<Result<Record>> LogStore::keep_and_mark(const ScannedRecord* record, const PinnedRecord* pinned,
                                             std::string damage) {
  std::string quarantine_path = context_.options->directory + "/quarantine";
  CO_TRY(co_await keep_record(context_.disk, std::move(quarantine_path), record->location, pinned->pinned));
  const RecordHead& head = pinned->head;
  Damage found;
  found.place = Damage::Place::record_body;
  found.file = context_.numbers->segments_path + "/" + segment_file_name(record->location.segment);
  found.offset = record->location.offset();
  found.bytes = record->location.bytes;
  found.reason = std::move(damage);
  found.kind = head.header.kind;
  found.key = record->key;
  found.sequence = head.header.sequence;
  context_.quarantine->add(record->location.segment, found);
  StoredObject object;
  if (is_object(head.header.kind)) {
    CO_TRY_ASSIGN(object, decode_object(head.info, head.header.sequence));
  }
  IndexedRecord damaged;
  damaged.kind = head.header.kind;
  damaged.key = record->key;
  damaged.sequence = head.header.sequence;
  co_return damaged_mark_of(damaged, object);
}

std::optional<Record> LogStore::substitute_for(const IndexedRecord& damaged) const {
  switch (damaged.kind) {
    case RecordKind::put:
    case RecordKind::manifest: {
      std::optional<IndexEntry> entry = shard_for(damaged.key).find(damaged.key);
      if (!entry || entry->location != damaged.location) return std::nullopt;
      StoredObject object;
      object.info.size = entry->size;
      object.info.etag = entry->etag;
      object.info.last_modified = entry->last_modified;
      object.info.owner = entry->owner;
      object.info.storage_class = entry->storage_class;
      object.info.checksums = entry->checksums;
      if (entry->extents) object.extents = *entry->extents;
      return damaged_mark_of(damaged, object);
    }
    case RecordKind::extent: {
      auto extent = extents_.find(damaged.sequence);
      bool is_ours = extent != extents_.end() && extent->second == damaged.location;
      // Whoever still writes its object will end, and then it is not needed.
      if (!is_ours || damaged.key.bucket.empty()) return std::nullopt;
      return damaged_mark_of(damaged, {});
    }
    default:
      break;
  }
  auto own = uploads_.find(damaged.upload_id);
  if (own == uploads_.end()) return std::nullopt;
  const Upload& upload = own->second.upload;
  auto bucket = buckets_.find(upload.info.key.bucket);
  if (bucket == buckets_.end()) return std::nullopt;
  Record record;
  // Its own number is lost. That of the bucket is newer than any removal of a bucket of this name, and older than the
  // next one; that of a part's last extent is between those of the part that it replaced and of the one that replaces
  // it.
  Sequence sequence = bucket->second.sequence;
  if (damaged.kind == RecordKind::upload_create) {
    record = make_record(RecordKind::upload_create, damaged.key, encode_upload(upload.info));
  } else {
    auto part = upload.parts.find(damaged.part_number);
    if (part == upload.parts.end() || part->second.location != damaged.location) return std::nullopt;
    StoredPart stored{damaged.upload_id, part->second.info, part->second.extents};
    record = make_record(RecordKind::part, damaged.key, encode_part(stored));
    if (!stored.extents.empty()) sequence = stored.extents.back().sequence;
  }
  record.header.sequence = sequence;
  record.header.home_epoch = context_.options->home_epoch;
  return record;
}

void LogStore::redirect(const IndexedRecord& damaged, RecordLocation to) {
  if (!substitute_for(damaged)) return;  // it was replaced meanwhile
  switch (damaged.kind) {
    case RecordKind::put:
    case RecordKind::manifest: {
      ShardIndex& shard = shard_for(damaged.key);
      IndexEntry entry = *shard.find(damaged.key);
      entry.location = to;
      shard.put(damaged.key, entry);
      return;
    }
    case RecordKind::extent:
      extents_.at(damaged.sequence) = to;
      break;
    case RecordKind::upload_create:
      uploads_.at(damaged.upload_id).upload.location = to;
      break;
    default:
      uploads_.at(damaged.upload_id).upload.parts.at(damaged.part_number).location = to;
  }
  drop_live(damaged.location);
  add_live(to);
}

Task<Result<void>> LogStore::append_copy(Record record, std::move_only_function<void(RecordLocation)> publish) {
  co_return co_await io::suspend<Result<void>>([&](io::Resume<Result<void>> resume) {
    auto finish = [&publish, resume = std::move(resume)](Result<Appended> appended) mutable {
      if (appended) publish(appended->location);
      std::move(resume)(appended ? Result<void>() : failure(std::move(appended).error()));
    };
    cold_writer_.submit_copy(std::move(record), std::move(finish));
  });
}

Task<Result<std::uint64_t>> LogStore::replace_damaged(SegmentId id, std::uint64_t begin, std::uint64_t end) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  io::AsyncMutex::Lock lock = co_await copying_.lock();
  CO_TRY_ASSIGN(const std::vector<IndexedRecord> records, co_await records_in(id, begin, end));
  std::uint64_t bytes = 0;
  for (const IndexedRecord& damaged : records) {
    // A manifest may have been the end of an upload too, which its mark does not tell.
    if (damaged.kind != RecordKind::manifest) bytes += damaged.location.bytes;
    std::optional<Record> substitute = substitute_for(damaged);
    if (!substitute) continue;
    if (damaged.sequence != Sequence()) {
      SegmentPin segment = pin(id);
      Result<PinnedRecord> head = co_await segment->read_head(damaged.location, damaged.sequence);
      if (head) co_return failure(ErrorCode::io_error, "what could not be read can be read now");
    }
    Publish publish = [this, &damaged](RecordLocation to) { redirect(damaged, to); };
    Record record = *std::move(substitute);
    CO_TRY(co_await append_copy(std::move(record), std::move(publish)));
  }
  co_return bytes;
}

Task<Result<void>> LogStore::restate_buckets(Sequence first, Sequence last) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  io::AsyncMutex::Lock lock = co_await copying_.lock();
  std::vector<std::pair<BucketInfo, Sequence>> affected;
  for (const auto& [name, bucket] : buckets_) {
    if (bucket.sequence >= first && bucket.sequence <= last) affected.emplace_back(bucket.info, bucket.sequence);
  }
  for (const auto& [info, sequence] : affected) {
    Record record = make_record(RecordKind::bucket_put, {info.name, ""}, encode_bucket(info));
    record.header.sequence = sequence;
    record.header.home_epoch = context_.options->home_epoch;
    Publish nothing_points_to_it = [](RecordLocation) {};
    CO_TRY(co_await append_copy(std::move(record), std::move(nothing_points_to_it)));
  }
  co_return Result<void>();
}

void LogStore::report_damage(const ObjectKey& key, const ObjectPlace& place, const Error& error) const {
  if (error.code != ErrorCode::corrupt || context_.quarantine == nullptr) return;
  Damage damage;
  damage.place = Damage::Place::record_body;
  damage.file = context_.numbers->segments_path + "/" + segment_file_name(place.location.segment);
  damage.offset = place.location.offset();
  damage.bytes = place.location.bytes;
  damage.reason = error.message;
  damage.kind = place.extents ? RecordKind::manifest : RecordKind::put;
  damage.key = key;
  damage.sequence = place.sequence;
  context_.quarantine->add(place.location.segment, damage);
}

}  // namespace shoal::storage
