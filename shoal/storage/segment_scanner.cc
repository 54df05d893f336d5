#include "shoal/storage/segment_scanner.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace shoal::storage {
namespace {

/// A record at `offset`, with its body if that was asked for; corrupt if there is none.
Task<Result<RecordHead>> read_record_at(FileWindow* window, RecordPlace place, std::uint64_t limit, bool verify_body) {
  auto no_record = [] { return failure(ErrorCode::corrupt, "no record here"); };
  if (place.offset + record_header_bytes > limit) co_return no_record();
  CO_TRY_ASSIGN(ByteSpan fixed, co_await window->at(place.offset, record_header_bytes));
  if (fixed.size() < record_header_bytes) co_return no_record();
  CO_TRY_ASSIGN(RecordHeader header, parse_header(fixed));
  if (place.offset + header.record_bytes() > limit) co_return no_record();
  std::uint64_t wanted = verify_body ? header.record_bytes() : header.head_bytes();
  CO_TRY_ASSIGN(ByteSpan bytes, co_await window->at(place.offset, wanted));
  if (bytes.size() < wanted) co_return no_record();
  CO_TRY_ASSIGN(RecordHead head, parse_head(bytes, place));
  if (verify_body) {
    CO_TRY(verify_blocks(head, 0, bytes.subspan(header.head_bytes(), header.body_bytes)));
  }
  co_return head;
}

bool is_about_upload(RecordKind kind) {
  return kind == RecordKind::upload_create || kind == RecordKind::upload_abort || kind == RecordKind::upload_complete ||
         kind == RecordKind::part;
}

/// Whether a valid record behind `damaged` proves that what was there had been durable.
Task<Result<bool>> is_proven_durable(FileWindow* window, std::uint64_t salt, std::uint64_t damaged,
                                     std::uint64_t limit) {
  for (std::uint64_t offset = damaged + record_alignment; offset + record_header_bytes <= limit;
       offset += record_alignment) {
    Result<RecordHead> head = co_await read_record_at(window, {salt, offset}, limit, false);
    if (head && head->header.durable_position * record_alignment > damaged) co_return true;
    if (!head && head.error().code != ErrorCode::corrupt) co_return failure(std::move(head).error());
  }
  co_return false;
}

}  // namespace

Task<Result<ByteSpan>> FileWindow::at(std::uint64_t offset, std::uint64_t length) {
  length = std::min(length, file_bytes_ - std::min(offset, file_bytes_));
  if (offset < begin_ || offset + length > begin_ + bytes_.size()) {
    begin_ = offset / io::direct_alignment * io::direct_alignment;
    std::uint64_t end = std::min(std::max(begin_ + read_bytes_, offset + length), file_bytes_);
    bytes_.resize(end - std::min(begin_, end));
    CO_TRY_ASSIGN(std::size_t got, co_await file_->read(begin_, bytes_));
    bytes_.resize(got);
    if (begin_ + got < offset + length) co_return failure(ErrorCode::io_error, "the file became shorter");
  }
  co_return ByteSpan(bytes_).subspan(offset - begin_, length);
}

Task<Result<SegmentContent>> scan_segment(io::File* file, std::string path, SegmentHeader header, SegmentBounds bounds,
                                          SegmentContent content, const VisitRecord* visit) {
  FileWindow window(file, bounds.limit);
  while (content.end < bounds.limit) {
    bool verify_body = bounds.verify_bodies && content.end >= bounds.durable_end;
    Result<RecordHead> head = co_await read_record_at(&window, {header.salt, content.end}, bounds.limit, verify_body);
    if (!head && head.error().code != ErrorCode::corrupt) {
      co_return failure(head.error().code, fmt::format("{} at {}: {}", path, content.end, head.error().message));
    }
    if (!head) {
      bool was_durable = content.end < bounds.durable_end;
      if (!was_durable) {
        CO_TRY_ASSIGN(was_durable, co_await is_proven_durable(&window, header.salt, content.end, bounds.limit));
      }
      if (!was_durable) break;
      co_return failure(ErrorCode::corrupt,
                        fmt::format("{} at {}: a record that had been stored durably is damaged ({}). The segment "
                                    "holds more behind it, so this is no interrupted write.",
                                    path, content.end, head.error().message));
    }
    RecordLocation location = head->header.location_at(header.id, content.end);
    Result<void> visited = co_await (*visit)(&*head, location);
    if (!visited) {
      co_return failure(visited.error().code, fmt::format("{} at {}: {}", path, content.end, visited.error().message));
    }
    Sequence sequence = head->header.sequence;
    content.first_sequence = content.records == 0 ? sequence : std::min(content.first_sequence, sequence);
    content.last_sequence = std::max(content.last_sequence, sequence);
    content.end += location.bytes;
    ++content.records;
    if (is_statement(head->header.kind)) content.statement_bytes += location.bytes;
  }
  co_return content;
}

namespace {

/// Larger ones are read when they are needed.
constexpr std::uint64_t scanned_bytes_max = 256_KiB;

SegmentAudit::Options heads_only(MemoryAccount* account) {
  SegmentAudit::Options options;
  options.bodies = false;
  options.account = account;
  return options;
}

}  // namespace

RecordScan::RecordScan(io::File* file, SegmentId id, std::uint64_t salt, std::uint64_t end, MemoryAccount* account)
    : audit_(file, id, salt, end, heads_only(account)) {}

Task<Result<std::vector<ScannedRecord>>> RecordScan::next(std::size_t records_max, std::uint64_t bytes_max) {
  std::vector<ScannedRecord> records;
  std::uint64_t bytes = 0;
  while (records.size() < records_max && bytes < bytes_max) {
    CO_TRY_ASSIGN(std::optional<AuditItem> item, co_await audit_.next());
    if (!item) break;
    if (auto* stretch = std::get_if<DamagedStretch>(&*item)) {
      if (stretch->is_unreadable) co_return failure(ErrorCode::io_error, stretch->reason);
      damaged_.push_back(std::move(*stretch));
      continue;
    }
    const auto& found = std::get<AuditedRecord>(*item);
    ScannedRecord record;
    record.header = found.head.header;
    record.key = found.head.key();
    if (is_about_upload(record.header.kind)) record.info = found.head.info;
    record.location = found.location;
    if (record.location.bytes <= scanned_bytes_max) record.bytes = co_await audit_.pin(record.location);
    bytes += record.location.bytes;
    records.push_back(std::move(record));
  }
  co_return records;
}

}  // namespace shoal::storage
