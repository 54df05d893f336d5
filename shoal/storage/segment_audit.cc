#include "shoal/storage/segment_audit.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shoal/model/bucket_name.h"
#include "shoal/storage/segment_format.h"

namespace shoal::storage {
namespace {

/// Looked at in one go: some 20 µs of checksums.
constexpr std::uint64_t piece_bytes = 4 * body_block_bytes;

std::unexpected<Error> no_record(std::string why) { return failure(ErrorCode::corrupt, std::move(why)); }

std::unexpected<Error> cancelled() { return failure(ErrorCode::cancelled, "ended before its time"); }

}  // namespace

SegmentAudit::SegmentAudit(io::File* file, SegmentId id, std::uint64_t salt, std::uint64_t end, Options options)
    : id_(id),
      salt_(salt),
      end_(end),
      options_(std::move(options)),
      window_(file, end, options_.account),
      position_(segment_page_bytes) {}

Task<bool> SegmentAudit::pause_after(std::uint64_t bytes) {
  unpaused_ += bytes;
  if (!options_.pause || unpaused_ < piece_bytes) co_return true;
  co_return co_await options_.pause(std::exchange(unpaused_, 0));
}

Task<Result<RecordHead>> SegmentAudit::read_head(std::uint64_t offset) {
  if (offset + record_header_bytes > end_) co_return no_record("the segment ends in a record");
  ByteSpan fixed = co_await window_.at(offset, record_header_bytes);
  if (auto why = window_.unreadable(offset, record_header_bytes)) co_return failure(ErrorCode::io_error, *why);
  CO_TRY_ASSIGN(RecordHeader header, parse_header(fixed));
  if (offset + header.record_bytes() > end_) co_return no_record("a record that is longer than the segment");
  ByteSpan bytes = co_await window_.at(offset, header.head_bytes());
  if (auto why = window_.unreadable(offset, header.head_bytes())) co_return failure(ErrorCode::io_error, *why);
  head_bytes_.assign(bytes.begin(), bytes.end());
  RecordPlace place{salt_, offset};
  co_return parse_head(head_bytes_, place);
}

Task<Result<std::optional<AuditItem>>> SegmentAudit::next() {
  if (position_ >= end_) {
    bool go_on = true;
    if (options_.pause && unpaused_ > 0) go_on = co_await options_.pause(std::exchange(unpaused_, 0));
    if (!go_on) co_return cancelled();
    co_return std::optional<AuditItem>();
  }
  Result<RecordHead> head = co_await read_head(position_);
  if (!head && head.error().code == ErrorCode::not_supported) {
    co_return failure(head.error().code, fmt::format("at {}: {}", position_, head.error().message));
  }
  if (!head) {
    Error error = std::move(head).error();
    CO_TRY_ASSIGN(DamagedStretch stretch, co_await skip_damage(std::move(error)));
    position_ = stretch.end;
    co_return AuditItem(std::move(stretch));
  }
  AuditedRecord record;
  record.head = *head;
  record.location.segment = id_;
  record.location.position = static_cast<std::uint32_t>(position_ / record_alignment);
  record.location.bytes = static_cast<std::uint32_t>(head->header.record_bytes());
  record.location.head_bytes = static_cast<std::uint32_t>(head->header.head_bytes());
  bool go_on = co_await pause_after(record.location.head_bytes);
  if (!go_on) co_return cancelled();
  if (options_.bodies) {
    CO_TRY_ASSIGN(record.body_damage, co_await check_body(record.head, position_ + record.location.head_bytes));
    unpaused_ += record.location.bytes - record.location.head_bytes - head->header.body_bytes;
  }
  position_ += record.location.bytes;
  co_return AuditItem(record);
}

Task<PinnedBytes> SegmentAudit::pin(RecordLocation location) {
  ByteSpan bytes = co_await window_.at(location.offset(), location.bytes);
  if (bytes.size() < location.bytes || window_.unreadable(location.offset(), location.bytes)) co_return PinnedBytes();
  co_return PinnedBytes{window_.owner(), bytes};
}

Task<Result<std::optional<std::string>>> SegmentAudit::check_body(RecordHead head, std::uint64_t begin) {
  std::optional<std::string> damage;
  std::uint64_t body_bytes = head.header.body_bytes;
  for (std::uint64_t offset = 0; offset < body_bytes; offset += piece_bytes) {
    std::uint64_t length = std::min(piece_bytes, body_bytes - offset);
    ByteSpan blocks = co_await window_.at(begin + offset, length);
    if (!damage) damage = window_.unreadable(begin + offset, length);
    Result<void> intact = verify_blocks(head, offset / body_block_bytes, blocks);
    if (!intact && !damage) damage = intact.error().message;
    bool go_on = co_await pause_after(length);
    if (!go_on) co_return cancelled();
  }
  co_return damage;
}

Task<Result<DamagedStretch>> SegmentAudit::skip_damage(Error error) {
  DamagedStretch stretch;
  stretch.begin = position_;
  stretch.reason = std::move(error.message);
  stretch.is_unreadable = error.code == ErrorCode::io_error;
  stretch.guess = co_await guess_at(position_);

  std::uint64_t stated_end = 0;
  if (position_ + record_header_bytes <= end_) {
    ByteSpan fixed = co_await window_.at(position_, record_header_bytes);
    Result<RecordHeader> header = parse_header(fixed);
    if (header) stated_end = position_ + header->record_bytes();
  }
  bool stated_well = stated_end == end_;
  if (stated_end > 0 && stated_end < end_) {
    Result<RecordHead> behind = co_await read_head(stated_end);
    stated_well = behind || behind.error().code == ErrorCode::not_supported;
  }
  if (stated_well) {
    stretch.end = stated_end;
    bool go_on = co_await pause_after(stretch.end - stretch.begin);
    if (!go_on) co_return cancelled();
    co_return stretch;
  }
  for (std::uint64_t at = position_ + record_alignment; at + record_header_bytes <= end_; at += record_alignment) {
    Result<RecordHead> head = co_await read_head(at);
    bool is_record = head || head.error().code == ErrorCode::not_supported;
    if (!is_record) {
      stretch.is_unreadable |= head.error().code == ErrorCode::io_error;
      // The next one, damaged as well: it is told apart.
      ByteSpan fixed = co_await window_.at(at, record_header_bytes);
      if (parse_header(fixed)) is_record = (co_await guess_at(at)).has_value();
    }
    if (is_record) {
      stretch.end = at;
      co_return stretch;
    }
    bool go_on = co_await pause_after(record_alignment);
    if (!go_on) co_return cancelled();
  }
  stretch.end = end_;
  co_return stretch;
}

Task<std::optional<GuessedRecord>> SegmentAudit::guess_at(std::uint64_t offset) {
  constexpr std::uint64_t bytes_max = record_header_bytes + UINT8_MAX + object_name_bytes_max;
  ByteSpan bytes = co_await window_.at(offset, bytes_max);
  if (bytes.size() < record_header_bytes) co_return std::nullopt;
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  GuessedRecord guess;
  RecordHeader header = read_header_fields(copy);
  std::string_view key = as_text(copy).substr(record_header_bytes);
  std::uint64_t key_bytes = std::uint64_t{header.bucket_bytes} + header.name_bytes;
  if (header.kind < RecordKind::put || header.kind > RecordKind::damaged || key_bytes > key.size())
    co_return std::nullopt;
  guess.kind = header.kind;
  guess.key.bucket = key.substr(0, header.bucket_bytes);
  guess.key.name = key.substr(header.bucket_bytes, header.name_bytes);
  guess.sequence = header.sequence;
  if (!is_bucket_name(guess.key.bucket) || header.name_bytes > object_name_bytes_max) co_return std::nullopt;
  co_return guess;
}

}  // namespace shoal::storage
