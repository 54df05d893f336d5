#include "shoal/storage/segment_file.h"

#include <utility>

#include <fmt/format.h>

#include "shoal/io/await_memory.h"

namespace shoal::storage {

Task<Result<void>> SegmentFile::open() {
  if (file_ != nullptr) co_return Result<void>();
  io::OpenOptions options;
  options.direct_reads = true;
  Result<std::unique_ptr<io::File>> opened = co_await disk_->open(path_, options);
  if (!opened && opened.error().code == ErrorCode::no_such_file) {
    co_return failure(ErrorCode::corrupt, fmt::format("segment {} is missing", path_));
  }
  if (!opened) co_return failure(std::move(opened).error());
  if (file_ == nullptr) file_ = *std::move(opened);  // another reader may have been faster
  co_return Result<void>();
}

Task<Result<PinnedBytes>> SegmentFile::read(std::uint64_t offset, std::uint64_t length) {
  if (file_ == nullptr) {
    CO_TRY(co_await open());
  }
  constexpr std::uint64_t page = io::direct_alignment;
  std::uint64_t begin = offset / page * page;
  std::uint64_t end = (offset + length + page - 1) / page * page;
  CO_TRY_ASSIGN(MemoryPromise memory, co_await io::await_memory(memory_.budget, MemoryUse::read, end - begin));
  BufferRef buffer = BufferRef::allocate(end - begin, memory_.account, page);
  memory = MemoryPromise();  // now it is charged
  CO_TRY_ASSIGN(std::size_t got, co_await file_->read(begin, buffer->bytes()));
  if (begin + got < offset + length) {
    co_return failure(ErrorCode::corrupt,
                      fmt::format("{} ends at {} instead of at {} or later", path_, begin + got, offset + length));
  }
  PinnedBytes pinned;
  pinned.bytes = ByteSpan(buffer->bytes()).subspan(offset - begin, length);
  pinned.owner = std::move(buffer);
  co_return pinned;
}

std::unexpected<Error> SegmentFile::damaged(const Error& error, RecordLocation location) const {
  return failure(error.code, fmt::format("{} at {}: {}", path_, location.offset(), error.message));
}

Result<RecordHead> SegmentFile::verified_head(ByteSpan bytes, RecordLocation location, Sequence sequence) const {
  TRY_ASSIGN(RecordHead head, parse_at(bytes, location, sequence));
  if (head.header.kind != RecordKind::damaged) return head;
  return damaged(Error(ErrorCode::corrupt, "it was found damaged, and only its name and size are known"), location);
}

Result<RecordHead> SegmentFile::parse_at(ByteSpan bytes, RecordLocation location, Sequence sequence) const {
  Result<RecordHead> head = parse_head(bytes, {salt_, location.offset()});
  if (!head) return damaged(head.error(), location);
  if (head->header.sequence != sequence || head->header.record_bytes() != location.bytes) {
    return damaged(Error(ErrorCode::corrupt, "another record than the index says"), location);
  }
  return head;
}

Task<Result<PinnedRecord>> SegmentFile::read_head(RecordLocation location, Sequence sequence) {
  PinnedRecord record;
  CO_TRY_ASSIGN(record.pinned, co_await read(location.offset(), location.head_bytes));
  CO_TRY_ASSIGN(record.head, verified_head(record.pinned.bytes, location, sequence));
  co_return record;
}

Task<Result<PinnedRecord>> SegmentFile::read_record(RecordLocation location, Sequence sequence) {
  PinnedRecord record;
  CO_TRY_ASSIGN(record.pinned, co_await read(location.offset(), location.bytes));
  CO_TRY_ASSIGN(record.head, verified_head(record.pinned.bytes, location, sequence));
  ByteSpan body = record.pinned.bytes.subspan(location.head_bytes, record.head.header.body_bytes);
  Result<void> intact = verify_blocks(record.head, 0, body);
  if (!intact) co_return damaged(intact.error(), location);
  co_return record;
}

Result<PinnedRecord> SegmentFile::verified_record(PinnedBytes bytes, RecordLocation location, Sequence sequence) const {
  if (bytes.bytes.size() != location.bytes) return damaged(Error(ErrorCode::corrupt, "not all was read"), location);
  PinnedRecord record;
  record.pinned = std::move(bytes);
  TRY_ASSIGN(record.head, parse_at(record.pinned.bytes, location, sequence));
  ByteSpan body = record.pinned.bytes.subspan(location.head_bytes, record.head.header.body_bytes);
  TRY(verify_blocks(record.head, 0, body));
  return record;
}

Task<Result<PinnedRecord>> SegmentFile::read_for_copy(RecordLocation location, Sequence sequence,
                                                      std::optional<std::string>* body_damage) {
  PinnedRecord record;
  for (int reading = 0; reading < 2; ++reading) {
    CO_TRY_ASSIGN(record.pinned, co_await read(location.offset(), location.bytes));
    CO_TRY_ASSIGN(record.head, parse_at(record.pinned.bytes, location, sequence));
    ByteSpan body = record.pinned.bytes.subspan(location.head_bytes, record.head.header.body_bytes);
    Result<void> intact = verify_blocks(record.head, 0, body);
    body_damage->reset();
    if (intact) break;
    *body_damage = intact.error().message;
  }
  co_return record;
}

Task<Result<void>> seal_segment(io::File* file, SegmentFooter footer) {
  std::string page = encode_segment_footer(footer);
  std::uint64_t offset = footer_offset(footer.end);
  std::vector<ByteSpan> pieces(1, as_bytes(page));
  CO_TRY(co_await file->write(offset, std::move(pieces)));
  CO_TRY(co_await file->truncate(offset + page.size()));
  co_return co_await file->sync_data();
}

}  // namespace shoal::storage
