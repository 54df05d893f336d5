// What compaction asks of a store: which records of a segment are still needed, and to copy those elsewhere.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/io/wait_queue.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {
namespace {

/// Copies that are on their way.
struct Copies {
  std::size_t waiting = 0;
  std::uint64_t bytes = 0;
  Result<void> result;
  io::WaitQueue done;
};

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

}  // namespace

std::optional<RecordLocation> LogStore::location_of(const ScannedRecord& record) const {
  switch (record.header.kind) {
    case RecordKind::put:
    case RecordKind::manifest:
    case RecordKind::upload_complete: {
      std::optional<IndexEntry> entry = shard_for(record.key).find(record.key);
      if (!entry) return std::nullopt;
      return entry->location;
    }
    case RecordKind::extent: {
      auto extent = extents_.find(record.header.sequence);
      if (extent == extents_.end()) return std::nullopt;
      return extent->second;
    }
    case RecordKind::upload_create: {
      Result<UploadInfo> info = decode_upload(record.info, record.key);
      auto upload = info ? uploads_.find(info->id) : uploads_.end();
      if (upload == uploads_.end()) return std::nullopt;
      return upload->second.upload.location;
    }
    case RecordKind::part: {
      Result<StoredPart> stored = decode_part(record.info);
      auto upload = stored ? uploads_.find(stored->upload_id) : uploads_.end();
      if (upload == uploads_.end()) return std::nullopt;
      auto part = upload->second.upload.parts.find(stored->part.number);
      if (part == upload->second.upload.parts.end()) return std::nullopt;
      return part->second.location;
    }
    default:
      return std::nullopt;
  }
}

bool LogStore::is_needed(const ScannedRecord& record, Sequence oldest_elsewhere) const {
  if (location_of(record) == record.location) return true;
  Sequence sequence = record.header.sequence;
  switch (record.header.kind) {
    case RecordKind::put:
    case RecordKind::manifest:
    case RecordKind::extent:
    case RecordKind::upload_create:
    case RecordKind::part:
      return false;
    case RecordKind::bucket_put: {
      // The caller keeps changes of buckets away: one that is not there was removed.
      auto bucket = buckets_.find(record.key.bucket);
      return bucket != buckets_.end() && (bucket->second.in_doubt || bucket->second.sequence <= sequence);
    }
    case RecordKind::upload_complete:  // says that the upload ended, whatever became of the object
    case RecordKind::upload_abort:
    case RecordKind::remove:
    case RecordKind::bucket_remove:
      return oldest_elsewhere < sequence;
  }
  return true;  // a newer version's, which means something to it
}

Task<Result<std::uint64_t>> LogStore::move_records(std::vector<ScannedRecord> records, Sequence oldest_elsewhere) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  auto copies = std::make_shared<Copies>();
  for (ScannedRecord& record : records) {
    if (!is_needed(record, oldest_elsewhere)) continue;
    SegmentPin segment = pin(record.location.segment);
    Result<PinnedRecord> read = co_await segment->read_record(record.location, record.header.sequence);
    if (!read) {
      copies->result = failure(std::move(read).error());
      break;
    }
    if (!is_needed(record, oldest_elsewhere)) continue;  // any more
    Record copy = copy_of(*read, record.location);
    ++copies->waiting;
    auto finish = [this, copies, moved = std::move(record)](Result<Appended> appended) {
      if (appended) {
        relocate(moved, appended->location);
        copies->bytes += moved.location.bytes;
      } else if (copies->result) {
        copies->result = failure(std::move(appended).error());
      }
      if (--copies->waiting == 0) copies->done.wake_all();
    };
    cold_writer_.submit_copy(std::move(copy), std::move(finish));
  }
  while (copies->waiting > 0) co_await copies->done.wait();
  if (!copies->result) co_return failure(std::move(copies->result).error());
  co_return copies->bytes;
}

void LogStore::relocate(const ScannedRecord& record, RecordLocation to) {
  if (location_of(record) != record.location) {
    // A deletion, or the like: nothing points to it. Or it was replaced while it was copied.
    bool is_deletion = record.header.kind == RecordKind::remove || record.header.kind == RecordKind::bucket_remove ||
                       record.header.kind == RecordKind::upload_abort ||
                       record.header.kind == RecordKind::upload_complete ||
                       record.header.kind == RecordKind::bucket_put || is_skipped_kind(record.header.kind);
    if (is_deletion) kept_bytes_[to.segment] += to.bytes;
    return;
  }
  drop_live(record.location);
  add_live(to);
  switch (record.header.kind) {
    case RecordKind::extent:
      extents_.at(record.header.sequence) = to;
      break;
    case RecordKind::upload_create: {
      Result<UploadInfo> info = decode_upload(record.info, record.key);
      uploads_.at(info->id).upload.location = to;
      break;
    }
    case RecordKind::part: {
      Result<StoredPart> stored = decode_part(record.info);
      uploads_.at(stored->upload_id).upload.parts.at(stored->part.number).location = to;
      break;
    }
    default: {
      bool moved = shard_for(record.key).relocate(record.key, record.location, to);
      CHECK(moved);
    }
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
  auto live = live_bytes_.find(id);
  if (live != live_bytes_.end() && live->second > 0) {
    co_return failure(ErrorCode::conflict, fmt::format("{} bytes of segment {} are in use", live->second, id.value()));
  }
  SegmentPin segment = found->second;
  if (segment.use_count() > 2) {
    CO_TRY(co_await segment->open());
  }
  segments_.erase(id);
  live_bytes_.erase(id);
  kept_bytes_.erase(id);
  co_return Result<void>();
}

}  // namespace shoal::storage
