#include "shoal/storage/recovery.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/storage/segment_file.h"

namespace shoal::storage {
namespace {

constexpr std::chrono::seconds progress_interval{1};

std::string removal_key(std::string_view bucket, std::string_view name) {
  return std::string(bucket).append(1, '\0').append(name);
}

/// A segment file whose header was read.
struct FoundSegment {
  std::string path;
  std::unique_ptr<io::File> file;
  std::uint64_t file_bytes = 0;
  std::optional<SegmentHeader> header;  ///< nothing: the file was made and then the power went
  std::optional<SegmentFooter> footer;
  std::optional<SegmentContent> content;
};

bool is_all_zero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Whether the file has anything behind its first page.
Task<Result<bool>> has_content(io::File* file, std::uint64_t file_bytes) {
  FileWindow window(file, file_bytes);
  for (std::uint64_t offset = segment_page_bytes; offset < file_bytes; offset += segment_page_bytes) {
    CO_TRY_ASSIGN(ByteSpan page, co_await window.at(offset, segment_page_bytes));
    if (!is_all_zero(page)) co_return true;
  }
  co_return false;
}

Task<Result<FoundSegment>> open_segment(io::Disk* disk, LogNumbers* numbers, SegmentId id) {
  FoundSegment segment;
  segment.path = numbers->segments_path + "/" + segment_file_name(id);
  io::OpenOptions options;
  options.mode = io::OpenMode::read_write;
  CO_TRY_ASSIGN(segment.file, co_await disk->open(segment.path, options));
  CO_TRY_ASSIGN(segment.file_bytes, co_await segment.file->size());
  FileWindow window(segment.file.get(), segment.file_bytes);

  CO_TRY_ASSIGN(ByteSpan first_page, co_await window.at(0, segment_page_bytes));
  Result<SegmentHeader> header = parse_segment_header(first_page);
  if (header && (header->id != id || header->directory != numbers->directory)) {
    co_return failure(ErrorCode::corrupt, segment.path + ": this segment belongs elsewhere");
  }
  if (!header) {
    // The header is durable before anything follows it, so a damaged one with something behind it was a good one.
    bool has_records = header.error().code != ErrorCode::corrupt;
    if (!has_records) {
      CO_TRY_ASSIGN(has_records, co_await has_content(segment.file.get(), segment.file_bytes));
    }
    if (has_records) co_return failure(header.error().code, segment.path + ": " + header.error().message);
    co_return segment;
  }
  segment.header = *header;

  if (segment.file_bytes >= 2 * segment_page_bytes && segment.file_bytes % segment_page_bytes == 0) {
    CO_TRY_ASSIGN(ByteSpan last_page, co_await window.at(segment.file_bytes - segment_page_bytes, segment_page_bytes));
    std::optional<SegmentFooter> footer = parse_segment_footer(last_page);
    if (footer && footer->id == id && footer->salt == header->salt &&
        footer_offset(footer->end) + segment_page_bytes == segment.file_bytes) {
      segment.footer = footer;
    }
  }
  co_return segment;
}

/// What the header of a later segment says about an earlier one.
struct StatedEnd {
  std::uint64_t end = 0;
  std::uint64_t durable_end = 0;
  bool operator==(const StatedEnd&) const = default;
};

Result<std::map<SegmentId, StatedEnd>> stated_ends(const std::map<SegmentId, FoundSegment>& segments) {
  std::map<SegmentId, StatedEnd> ends;
  for (const auto& [id, segment] : segments) {
    if (!segment.header || segment.header->predecessor == SegmentId()) continue;
    StatedEnd end{segment.header->predecessor_end, segment.header->predecessor_durable_end};
    auto [place, added] = ends.try_emplace(segment.header->predecessor, end);
    if (!added && place->second != end) {
      return failure(ErrorCode::corrupt, fmt::format("{}: segments disagree about the end of segment {}", segment.path,
                                                     segment.header->predecessor.value()));
    }
  }
  return ends;
}

Result<SegmentBounds> bounds_of(const FoundSegment& segment, const std::map<SegmentId, StatedEnd>& ends) {
  SegmentBounds bounds;
  bounds.limit = segment.file_bytes;
  if (auto stated = ends.find(segment.header->id); stated != ends.end()) {
    bounds.durable_end = stated->second.durable_end;
    bounds.limit = std::min(bounds.limit, stated->second.end);
    if (bounds.limit < bounds.durable_end || (segment.footer && segment.footer->end > stated->second.end)) {
      return failure(ErrorCode::corrupt, segment.path + ": its end is not where the next segment says");
    }
  }
  if (segment.footer) {
    bounds.durable_end = bounds.limit = segment.footer->end;
  }
  return bounds;
}

/// Tells every second how far it is.
class Progress {
 public:
  Progress(const Clock* clock, std::uint64_t bytes_total)
      : clock_(clock), bytes_total_(bytes_total), next_(clock->monotonic() + progress_interval) {}
  void report(std::uint64_t bytes_done, std::uint64_t records) {
    if (clock_->monotonic() < next_) return;
    next_ = clock_->monotonic() + progress_interval;
    spdlog::info("recovery: {} of {} MiB, {} records", bytes_done >> 20, bytes_total_ >> 20, records);
  }

 private:
  const Clock* clock_;
  std::uint64_t bytes_total_;
  MonotonicTime next_;
};

/// Ends a segment that the last run left open; an empty one goes.
Task<Result<void>> close_segment(io::Disk* disk, FoundSegment* segment) {
  if (!segment->content || segment->content->records == 0) {
    segment->file.reset();
    co_return co_await disk->remove(segment->path);
  }
  if (segment->footer) co_return Result<void>();
  SegmentFooter footer;
  footer.id = segment->header->id;
  footer.salt = segment->header->salt;
  footer.end = segment->content->end;
  footer.records = segment->content->records;
  footer.first_sequence = segment->content->first_sequence;
  footer.last_sequence = segment->content->last_sequence;
  co_return co_await seal_segment(segment->file.get(), footer);
}

Task<Result<std::map<SegmentId, FoundSegment>>> find_segments(io::Disk* disk, LogNumbers* numbers) {
  std::map<SegmentId, FoundSegment> segments;
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk->list(numbers->segments_path));
  for (const std::string& name : names) {
    std::optional<SegmentId> id = parse_segment_file_name(name);
    if (!id) {
      spdlog::warn("recovery: ignored {}/{}, which is no segment", numbers->segments_path, log_value(name));
      continue;
    }
    CO_TRY_ASSIGN(FoundSegment segment, co_await open_segment(disk, numbers, *id));
    segments.emplace(*id, std::move(segment));
  }
  co_return segments;
}

}  // namespace

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
      Newest<RecoveredBucket>& bucket = buckets_[std::string(head.bucket)];
      if (sequence <= bucket.sequence) return {};
      bucket.sequence = sequence;
      bucket.value.sequence = sequence;
      TRY_ASSIGN(bucket.value.info, decode_bucket(head.info, head.bucket));
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
  }
  return {};
}

Result<void> RecoveredState::apply_object(const RecordHead& head, RecordLocation location) {
  Sequence sequence = head.header.sequence;
  TRY_ASSIGN(StoredObject object, decode_object(head.info, sequence));
  if (head.header.kind == RecordKind::upload_complete) uploads_[object.upload_id].ended = sequence;
  ObjectKey key = head.key();
  ShardIndex& shard = shards_[shard_of(ObjectKeyView(key).slot()).value()];
  std::optional<IndexEntry> present = shard.find(key);
  if (present && present->sequence >= sequence) return {};
  auto removed = removed_objects_.find(removal_key(head.bucket, head.name));
  if (removed != removed_objects_.end() && removed->second > sequence) return {};
  shard.put(key, to_index_entry(object, sequence, location));
  return {};
}

void RecoveredState::apply_removal(const RecordHead& head) {
  Sequence sequence = head.header.sequence;
  Sequence& removed = removed_objects_[removal_key(head.bucket, head.name)];
  removed = std::max(removed, sequence);
  ShardIndex& shard = shards_[shard_of(ObjectKeyView(head.bucket, head.name).slot()).value()];
  std::optional<IndexEntry> present = shard.find({head.bucket, head.name});
  if (present && present->sequence < sequence) shard.erase({head.bucket, head.name});
}

Result<void> RecoveredState::apply_part(const RecordHead& head, RecordLocation location) {
  TRY_ASSIGN(StoredPart stored, decode_part(head.info));
  Newest<UploadPart>& part = uploads_[stored.upload_id].parts[stored.part.number];
  if (head.header.sequence <= part.sequence) return {};
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

Result<void> RecoveredState::finish() {
  for (auto& [name, bucket] : buckets_) {
    if (bucket.sequence > removed_at(name)) live_buckets_.emplace(name, std::move(bucket.value));
  }
  TRY(finish_objects());
  TRY(finish_uploads());
  std::unordered_map<Sequence, RecordLocation> kept;
  Result<void> complete;
  for (const ShardIndex& shard : shards_) {
    shard.for_each([&](const ObjectKey& key, const IndexEntry& entry) {
      if (!complete || !entry.extents) return;
      complete = keep_extents(*entry.extents, kept);
      if (!complete)
        complete = failure(ErrorCode::corrupt, fmt::format("{} of the object {}/{}", complete.error().message,
                                                           key.bucket, log_value(key.name)));
    });
  }
  TRY(complete);
  for (const Upload& upload : live_uploads_) {
    for (const auto& [number, part] : upload.parts) {
      TRY(keep_extents(part.extents, kept));
    }
  }
  extents_ = std::move(kept);
  removed_objects_.clear();
  uploads_.clear();
  buckets_.clear();
  return {};
}

Result<void> RecoveredState::finish_objects() {
  std::optional<std::string> lost;
  for (ShardIndex& shard : shards_) {
    shard.erase_if([&](const ObjectKey& key, const IndexEntry& entry) {
      if (entry.sequence < removed_at(key.bucket)) return true;
      if (!live_buckets_.contains(key.bucket)) lost = key.bucket;
      return false;
    });
  }
  if (!lost) return {};
  return failure(ErrorCode::corrupt,
                 fmt::format("there are objects of the bucket {}, but not the bucket: a segment is missing", *lost));
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

Result<void> RecoveredState::keep_extents(const ExtentList& extents,
                                          std::unordered_map<Sequence, RecordLocation>& kept) const {
  for (const ExtentRef& extent : extents) {
    auto found = extents_.find(extent.sequence);
    if (found == extents_.end()) {
      return failure(ErrorCode::corrupt, fmt::format("there is no extent {}", extent.sequence.value()));
    }
    kept.insert(*found);
  }
  return {};
}

Task<Result<RecoveryReport>> recover(io::Disk* disk, LogNumbers* numbers, RecoveredState* state, const Clock* clock) {
  using Segments = std::map<SegmentId, FoundSegment>;
  CO_TRY_ASSIGN(Segments segments, co_await find_segments(disk, numbers));
  CO_TRY_ASSIGN(auto ends, stated_ends(segments));
  std::uint64_t bytes_total = 0;
  for (const auto& [id, segment] : segments) bytes_total += segment.file_bytes;

  RecoveryReport report;
  Progress progress(clock, bytes_total);
  std::uint64_t bytes_before = 0;
  VisitRecord visit = [&](const RecordHead& head, RecordLocation location) {
    progress.report(bytes_before + location.offset(), ++report.records);
    return state->apply(head, location);
  };
  for (auto& [id, segment] : segments) {
    if (segment.header) {
      CO_TRY_ASSIGN(SegmentBounds bounds, bounds_of(segment, ends));
      CO_TRY_ASSIGN(segment.content,
                    co_await scan_segment(segment.file.get(), segment.path, *segment.header, bounds, &visit));
      if (segment.footer && segment.content->records != segment.footer->records) {
        co_return failure(ErrorCode::corrupt, segment.path + ": it has not the number of records that its footer says");
      }
      if (!segment.footer && segment.content->end < bounds.limit) {
        std::uint64_t bytes_cut = bounds.limit - segment.content->end;
        report.bytes_cut += bytes_cut;
        spdlog::warn("recovery: cut {} bytes behind {} of {}: a write that was never acknowledged", bytes_cut,
                     segment.content->end, segment.path);
      }
    }
    bytes_before += segment.file_bytes;
  }
  CO_TRY(state->finish());

  bool names_changed = false;
  for (auto& [id, segment] : segments) {
    CO_TRY(co_await close_segment(disk, &segment));
    if (!segment.file) {
      names_changed = true;
      continue;
    }
    report.segments.push_back({id, segment.header->salt});
    SegmentSummary summary;
    summary.id = id;
    summary.state = SegmentSummary::State::sealed;
    summary.bytes = segment.content->end - segment_page_bytes;
    summary.first_sequence = segment.content->first_sequence;
    summary.last_sequence = segment.content->last_sequence;
    numbers->segments.add(summary);
  }
  if (names_changed) {
    CO_TRY(co_await disk->sync_directory(numbers->segments_path));
  }
  numbers->next_sequence = state->last_sequence().value() + 1;
  numbers->next_segment = segments.empty() ? 1 : segments.rbegin()->first.value() + 1;
  co_return report;
}

}  // namespace shoal::storage
