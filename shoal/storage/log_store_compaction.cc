// What compaction asks of a store: which records of a segment are still needed, and to copy those elsewhere.
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shoal/io/wait_queue.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {
namespace {

Record copy_of(const PinnedRecord& pinned, RecordLocation location) {
  const RecordHead& head = pinned.head;
  Record record;
  record.header = head.header;
  record.key = std::string(head.bucket).append(head.name);
  record.info = head.info;
  ByteSpan body = pinned.pinned.bytes.subspan(location.head_bytes, head.header.body_bytes);
  if (!body.empty()) record.body = Body(pinned.pinned.owner, body);
  for (std::uint64_t block = 0; block < body_block_count(body.size()); ++block) {
    record.block_checksums.push_back(head.block_checksum(block));
  }
  return record;
}

/// What a record says that ended an upload with an object which is gone: only that. A copy of all of it would bring the
/// object back behind a checkpoint that has forgotten its deletion.
Result<Record> upload_end_of(const RecordHead& head) {
  TRY_ASSIGN(StoredObject object, decode_object(head.info, head.header.sequence));
  ObjectKey key(std::string(head.bucket), std::string(head.name));
  Record record = make_record(RecordKind::upload_abort, key, encode_upload_id(object.upload_id));
  record.header.sequence = head.header.sequence;
  record.header.home_epoch = head.header.home_epoch;
  return record;
}

/// Whether the record means nothing once nothing points to it. The others say what ended, or what a bucket is.
bool is_content(RecordKind kind) {
  return kind == RecordKind::put || kind == RecordKind::manifest || kind == RecordKind::extent ||
         kind == RecordKind::upload_create || kind == RecordKind::part || kind == RecordKind::damaged;
}

}  // namespace

struct LogStore::Copies {
  bool deletions_are_needed = true;
  std::size_t waiting = 0;  ///< on their way
  std::uint64_t bytes = 0;
  Result<void> result;
  io::WaitQueue done;
};

RecordLocation* LogStore::place_of(const ScannedRecord& record) {
  switch (record.header.kind) {
    case RecordKind::extent:
    case RecordKind::damaged: {  // perhaps of an extent
      auto extent = extents_.find(record.header.sequence);
      return extent == extents_.end() ? nullptr : &extent->second;
    }
    case RecordKind::upload_create: {
      Result<UploadInfo> info = decode_upload(record.info, record.key);
      auto upload = info ? uploads_.find(info->id) : uploads_.end();
      return upload == uploads_.end() ? nullptr : &upload->second.upload.location;
    }
    case RecordKind::part: {
      Result<StoredPart> stored = decode_part(record.info);
      auto upload = stored ? uploads_.find(stored->upload_id) : uploads_.end();
      if (upload == uploads_.end()) return nullptr;
      auto part = upload->second.upload.parts.find(stored->part.number);
      return part == upload->second.upload.parts.end() ? nullptr : &part->second.location;
    }
    default:
      return nullptr;
  }
}

bool LogStore::is_in_index(const ScannedRecord& record) const {
  std::optional<ObjectPlace> place = locate(record.key);
  return place && place->location == record.location;
}

bool LogStore::is_needed(const ScannedRecord& record, bool deletions_are_needed) {
  if (is_object(record.header.kind)) {
    if (is_in_index(record)) return true;
  }
  if (RecordLocation* place = place_of(record); place != nullptr && *place == record.location) {
    return true;
  }
  if (is_content(record.header.kind)) return false;
  switch (record.header.kind) {
    case RecordKind::bucket_put: {
      // The caller keeps changes of buckets away: one that is not there was removed.
      auto bucket = buckets_.find(record.key.bucket);
      return bucket != buckets_.end() && (bucket->second.in_doubt || bucket->second.sequence <= record.header.sequence);
    }
    case RecordKind::upload_complete:  // says that the upload ended, whatever became of the object
    case RecordKind::upload_abort:
    case RecordKind::remove:
    case RecordKind::bucket_remove:
      return deletions_are_needed;
    default:
      return true;  // a newer version's, which means something to it
  }
}

Task<Result<std::uint64_t>> LogStore::move_records(std::vector<ScannedRecord> records, bool deletions_are_needed) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  io::AsyncMutex::Lock lock = co_await copying_.lock();
  auto copies = std::make_shared<Copies>();
  copies->deletions_are_needed = deletions_are_needed;
  for (ScannedRecord& record : records) {
    Result<void> submitted;
    if (is_object(record.header.kind)) {
      submitted = co_await pager_.fill_for(&shard_for(record.key), record.key, true);
    }
    if (submitted && is_needed(record, deletions_are_needed)) submitted = co_await copy_record(&record, copies);
    if (!submitted) copies->result = std::move(submitted);
    if (!copies->result) break;
  }
  while (copies->waiting > 0) co_await copies->done.wait();
  evict_pages();
  if (!copies->result) co_return failure(std::move(copies->result).error());
  co_return copies->bytes;
}

/// Submits the copy; `copies` learns what became of it.
Task<Result<void>> LogStore::copy_record(ScannedRecord* record, std::shared_ptr<Copies> copies) {
  SegmentPin segment = pin(record->location.segment);
  Result<PinnedRecord> read =
      segment->verified_record(std::move(record->bytes), record->location, record->header.sequence);
  std::optional<std::string> damage;
  bool has_waited = !read;
  if (!read) read = co_await segment->read_for_copy(record->location, record->header.sequence, &damage);
  if (!read) co_return failure(std::move(read).error());
  Result<Record> copy = copy_of(*read, record->location);
  if (damage) copy = co_await keep_and_mark(record, &*read, *std::move(damage));
  if (has_waited && !is_needed(*record, copies->deletions_are_needed)) co_return Result<void>();  // any more
  if (record->header.kind == RecordKind::upload_complete && !is_in_index(*record)) copy = upload_end_of(read->head);
  if (!copy) co_return failure(std::move(copy).error());
  ++copies->waiting;
  auto finish = [this, copies, moved = std::move(*record)](Result<Appended> appended) {
    if (appended) {
      relocate(moved, appended->location);
      copies->bytes += appended->location.bytes;
    } else if (copies->result) {
      copies->result = failure(std::move(appended).error());
    }
    if (--copies->waiting == 0) copies->done.wake_all();
  };
  cold_writer_.submit_copy(*std::move(copy), std::move(finish));
  co_return Result<void>();
}

void LogStore::relocate(const ScannedRecord& record, RecordLocation to) {
  ObjectKeyView key(record.key);
  if (is_object(record.header.kind) && shard_for(key).relocate(key, record.location, to)) return;
  if (RecordLocation* place = place_of(record); place != nullptr && *place == record.location) {
    drop_live(*place);
    add_live(to);
    *place = to;
    return;
  }
}

Task<Result<void>> LogStore::settle() {
  CO_TRY(co_await cold_writer_.sync());
  CO_TRY(co_await writer_.sync());
  if (writer_.has_doubts() || cold_writer_.has_doubts()) {
    co_return failure(ErrorCode::io_error, "writes failed, and their effect is still unknown");
  }
  co_return Result<void>();
}

Task<Result<void>> LogStore::forget_segment(SegmentId id) {
  auto found = segments_.find(id);
  if (found == segments_.end()) co_return Result<void>();
  std::map<SegmentId, std::uint64_t> live;
  add_live_bytes(live);
  if (live[id] > 0) {
    co_return failure(ErrorCode::conflict, fmt::format("{} bytes of segment {} are in use", live[id], id.value()));
  }
  SegmentPin segment = found->second;
  if (segment.use_count() > 2) {
    CO_TRY(co_await segment->open());
  }
  segments_.erase(id);
  live_bytes_.erase(id);
  co_return Result<void>();
}

}  // namespace shoal::storage
