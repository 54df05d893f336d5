#include "shoal/flash/flash_log.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/base/random.h"

namespace shoal::flash {
namespace {

using storage::segment_page_bytes;

/// What is read at a time of a segment without a table.
constexpr std::uint64_t window_bytes = 1_MiB;
constexpr std::uint64_t first_record_offset = segment_page_bytes;

std::uint64_t sealed_bytes(std::uint64_t end_of_table) {
  return storage::footer_offset(end_of_table) + segment_page_bytes;
}

Result<void> unless_there(Result<void> made) {
  if (!made && made.error().code != ErrorCode::file_exists) return made;
  return {};
}

}  // namespace

FlashLog::~FlashLog() { options_.account->release(memory_bytes_); }

FlashLog::OneSegment& FlashLog::add_segment(Segment id, std::uint64_t salt, std::uint64_t disk_bytes) {
  auto segment = std::make_unique<OneSegment>(&disk_, path_of(id), id, salt, options_.read_memory);
  segment->disk_bytes = disk_bytes;
  disk_bytes_ += disk_bytes;
  return *segments_.emplace(id, std::move(segment)).first->second;
}

void FlashLog::recount_memory() {
  std::uint64_t bytes = records_.capacity() * sizeof(FlashRecord);
  for (const auto& [id, segment] : segments_) {
    bytes += sizeof(OneSegment) + segment->hashes.capacity() * sizeof(std::uint64_t);
  }
  options_.account->charge(bytes);
  options_.account->release(std::exchange(memory_bytes_, bytes));
}

void FlashLog::remember(OneSegment& segment, const std::vector<FlashRecord>& records) {
  segment.hashes.reserve(records.size());
  for (const FlashRecord& record : records) segment.hashes.push_back(record.entry_hash());
}

// --- start and end

Task<Result<void>> FlashLog::open(TellRecord tell) {
  CHECK(options_.capacity >= 2 * options_.segment_bytes);
  CO_TRY(unless_there(co_await disk_.create_directory(options_.directory)));
  CO_TRY_ASSIGN(std::vector<std::string> names, co_await disk_.list(options_.directory));
  for (const std::string& name : names) {
    std::optional<Segment> id = storage::parse_segment_file_name(name);
    if (!id) continue;
    last_id_ = std::max(last_id_, id->value());
    Result<void> adopted = co_await adopt(*id, &tell);
    if (adopted) continue;
    if (adopted.error().code != ErrorCode::corrupt && adopted.error().code != ErrorCode::not_supported) {
      co_return adopted;
    }
    CO_TRY(co_await disk_.remove(path_of(*id)));
  }
  recount_memory();
  co_return Result<void>();
}

Task<Result<void>> FlashLog::adopt(Segment id, const TellRecord* tell) {
  std::string path = path_of(id);
  io::OpenOptions mode;
  mode.mode = io::OpenMode::read_write;
  CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await disk_.open(path, mode));
  CO_TRY_ASSIGN(std::uint64_t file_bytes, co_await file->size());
  std::vector<std::byte> page(segment_page_bytes);
  CO_TRY_ASSIGN(std::size_t got, co_await file->read(0, page));
  CO_TRY_ASSIGN(storage::SegmentHeader header, storage::parse_segment_header(ByteSpan(page).first(got)));
  if (header.directory != options_.id || header.id != id) {
    co_return failure(ErrorCode::corrupt, "a segment of another directory");
  }
  auto segment = std::make_unique<OneSegment>(&disk_, path, id, header.salt, options_.read_memory);
  Result<std::vector<FlashRecord>> records = co_await read_table(segment.get(), file_bytes);
  bool is_sealed = records.has_value();
  if (!is_sealed) {
    CO_TRY_ASSIGN(Walked walked, co_await walk(segment.get(), file_bytes));
    if (walked.records.empty()) co_return failure(ErrorCode::corrupt, "a segment without records");
    records = std::move(walked.records);
    CO_TRY_ASSIGN(file_bytes, co_await seal(file.get(), segment.get(), *records, walked.end));
  }
  segment->disk_bytes = file_bytes;
  disk_bytes_ += file_bytes;
  remember(*segment, *records);
  for (const FlashRecord& record : *records) (*tell)(id, record);
  segments_.emplace(id, std::move(segment));
  co_return Result<void>();
}

Task<Result<std::vector<FlashRecord>>> FlashLog::read_table(OneSegment* segment, std::uint64_t file_bytes) {
  if (file_bytes < 2 * segment_page_bytes) co_return failure(ErrorCode::corrupt, "the segment has no footer");
  CO_TRY_ASSIGN(storage::PinnedBytes page,
                co_await segment->file.read(file_bytes - segment_page_bytes, segment_page_bytes));
  std::optional<storage::SegmentFooter> footer = storage::parse_segment_footer(page.bytes);
  bool is_footer = footer && footer->id == segment->file.id() && footer->salt == segment->file.salt() &&
                   footer->records <= storage::record_body_bytes_max / table_entry_bytes &&
                   sealed_bytes(footer->end) == file_bytes;
  if (!is_footer) co_return failure(ErrorCode::corrupt, "the segment has no footer");
  std::uint64_t bytes = table_record_bytes(footer->records);
  if (footer->end < first_record_offset + bytes) co_return failure(ErrorCode::corrupt, "the segment has no table");
  std::uint64_t offset = footer->end - bytes;
  CO_TRY_ASSIGN(storage::PinnedBytes pinned, co_await segment->file.read(offset, bytes));
  CO_TRY_ASSIGN(storage::RecordHead head, storage::parse_head(pinned.bytes, {segment->file.salt(), offset}));
  bool is_table = head.header.kind == table_kind && head.header.record_bytes() == bytes;
  if (!is_table) co_return failure(ErrorCode::corrupt, "the segment has no table");
  ByteSpan body = pinned.bytes.subspan(head.header.head_bytes(), head.header.body_bytes);
  CO_TRY(storage::verify_blocks(head, 0, body));
  co_return decode_table(body);
}

Task<Result<FlashLog::Walked>> FlashLog::walk(OneSegment* segment, std::uint64_t file_bytes) {
  Walked walked;
  storage::PinnedBytes window;
  std::uint64_t window_begin = 0;
  std::uint64_t wanted = storage::record_header_bytes;  // of the next record
  for (std::uint64_t offset = first_record_offset; offset + wanted <= file_bytes;) {
    bool is_in_window = offset >= window_begin && offset + wanted <= window_begin + window.bytes.size();
    if (!is_in_window) {
      window = {};
      window_begin = offset;
      std::uint64_t length = std::min(std::max(wanted, window_bytes), file_bytes - offset);
      CO_TRY_ASSIGN(window, co_await segment->file.read(offset, length));
    }
    ByteSpan bytes = window.bytes.subspan(offset - window_begin);
    Result<storage::RecordHeader> header = storage::parse_header(bytes);
    if (!header || offset + header->record_bytes() > file_bytes) break;
    wanted = header->head_bytes();
    if (bytes.size() < wanted) continue;
    Result<storage::RecordHead> head = storage::parse_head(bytes, {segment->file.salt(), offset});
    if (!head || !add_to_table(*head, offset, walked.records)) break;
    walked.end = offset += head->header.record_bytes();
    wanted = storage::record_header_bytes;
  }
  co_return walked;
}

Task<Result<std::uint64_t>> FlashLog::seal(io::File* file, const OneSegment* segment, std::vector<FlashRecord> records,
                                           std::uint64_t end) {
  std::vector<std::byte> table = encode_table(records);
  storage::Record record = storage::make_record(table_kind, {}, {}, Body::copy_of(table));
  std::string head = storage::encode_head(record, {segment->file.salt(), end});
  std::vector<ByteSpan> pieces = {as_bytes(head), table};
  CO_TRY(co_await file->write(end, std::move(pieces)));
  storage::SegmentFooter footer;
  footer.id = segment->file.id();
  footer.salt = segment->file.salt();
  footer.end = end + record.header.record_bytes();
  footer.records = records.size();
  CO_TRY(co_await storage::seal_segment(file, footer));
  co_return sealed_bytes(footer.end);
}

Task<Result<void>> FlashLog::close() {
  Result<void> sealed = co_await seal_newest();
  for (const auto& [id, segment] : segments_) co_await segment->readers.close();
  co_return sealed;
}

// --- reading

Task<Result<std::optional<storage::PinnedBytes>>> FlashLog::read(Segment segment, std::uint32_t position,
                                                                 std::uint32_t units) {
  using Read = std::optional<storage::PinnedBytes>;
  auto found = segments_.find(segment);
  if (found == segments_.end()) co_return Read();
  Result<io::Gate::Pass> pass = found->second->readers.enter();
  if (!pass) co_return Read();
  CO_TRY_ASSIGN(storage::PinnedBytes bytes, co_await found->second->file.read(position * storage::record_alignment,
                                                                              units * storage::record_alignment));
  co_return Read(std::move(bytes));
}

storage::RecordPlace FlashLog::place_of(Segment segment, std::uint32_t position) const {
  return {segments_.at(segment)->file.salt(), position * storage::record_alignment};
}

// --- writing

bool FlashLog::has_room_for(std::uint64_t bytes, std::size_t records) const {
  if (writing_ == nullptr) return false;
  std::uint64_t count = records_.size() + records;
  if (count * table_entry_bytes > storage::record_body_bytes_max) return false;
  return sealed_bytes(end_ + bytes + table_record_bytes(count)) <= options_.segment_bytes;
}

std::size_t FlashLog::capacity_for(std::size_t more_records) const {
  std::size_t size = records_.size() + more_records;
  if (size <= records_.capacity()) return records_.capacity();
  return std::max(size, records_.capacity() + records_.capacity() / 2);
}

Task<Result<void>> FlashLog::append(ByteSpan bytes, std::vector<FlashRecord> records) {
  CHECK(has_room_for(bytes.size(), records.size()));
  std::vector<ByteSpan> pieces(1, bytes);
  CO_TRY(co_await writing_->write(end_, std::move(pieces)));
  end_ += bytes.size();
  records_.reserve(capacity_for(records.size()));
  records_.insert(records_.end(), records.begin(), records.end());
  recount_memory();
  co_return Result<void>();
}

Task<Result<void>> FlashLog::seal_newest() {
  if (writing_ == nullptr) co_return Result<void>();
  std::unique_ptr<io::File> file = std::move(writing_);
  OneSegment* segment = segments_.rbegin()->second.get();
  remember(*segment, records_);
  std::vector<FlashRecord> records = std::exchange(records_, {});
  CO_TRY_ASSIGN(std::uint64_t bytes, co_await seal(file.get(), segment, std::move(records), end_));
  disk_bytes_ = disk_bytes_ - segment->disk_bytes + bytes;
  segment->disk_bytes = bytes;
  recount_memory();
  co_return Result<void>();
}

Task<Result<void>> FlashLog::begin_segment() {
  CO_TRY(co_await seal_newest());
  CHECK(has_room_for_segment());
  storage::SegmentHeader header;
  header.directory = options_.id;
  header.id = Segment(++last_id_);
  header.salt = secure_random_number();
  OneSegment& segment = add_segment(header.id, header.salt, options_.segment_bytes);
  io::OpenOptions mode;
  mode.mode = io::OpenMode::create_exclusively;
  std::string path = segment.file.path();
  CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await disk_.open(std::move(path), mode));
  CO_TRY(co_await file->preallocate(0, options_.segment_bytes));
  std::string page = storage::encode_segment_header(header);
  std::vector<ByteSpan> pieces(1, as_bytes(page));
  CO_TRY(co_await file->write(0, std::move(pieces)));
  writing_ = std::move(file);
  end_ = first_record_offset;
  recount_memory();
  co_return Result<void>();
}

std::optional<FlashLog::Segment> FlashLog::segment_after(Segment segment) const {
  auto next = segments_.upper_bound(segment);
  return next == segments_.end() ? std::nullopt : std::optional(next->first);
}

std::vector<std::uint64_t> FlashLog::hashes_of(Segment segment, std::size_t skipped, std::size_t count) const {
  std::vector<std::uint64_t> hashes;
  auto found = segments_.find(segment);
  if (found == segments_.end()) return hashes;
  auto take_from = [&](const auto& records, auto hash_of_record) {
    for (std::size_t i = skipped; i < records.size() && hashes.size() < count; ++i) {
      hashes.push_back(hash_of_record(records[i]));
    }
  };
  if (writing_ != nullptr && segment == newest()) {
    take_from(records_, [](const FlashRecord& record) { return record.entry_hash(); });
  } else {
    take_from(found->second->hashes, [](std::uint64_t hash) { return hash; });
  }
  return hashes;
}

Task<Result<void>> FlashLog::drop_oldest() {
  CHECK(segments_.size() > 1 || writing_ == nullptr);
  OneSegment* segment = segments_.begin()->second.get();
  co_await segment->readers.close();
  std::string path = segment->file.path();
  disk_bytes_ -= segment->disk_bytes;
  segments_.erase(segments_.begin());  // closes the file: its space is free when its name is gone too
  recount_memory();
  co_return co_await disk_.remove(std::move(path));
}

}  // namespace shoal::flash
