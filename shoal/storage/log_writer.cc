#include "shoal/storage/log_writer.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/check.h"
#include "shoal/base/log.h"
#include "shoal/base/random.h"
#include "shoal/storage/segment_file.h"

namespace shoal::storage {
namespace {

/// Segments are not made smaller than this on a disk that is nearly full.
constexpr std::uint64_t segment_bytes_min = 1_MiB;

/// How often the growth of the log is told.
constexpr std::uint64_t growth_told_bytes = 16_MiB;

constexpr std::byte padding[record_alignment] = {};

}  // namespace

LogWriter::LogWriter(io::EventLoop* loop, io::Disk* disk, io::Timers* timers, LogNumbers* numbers, Options options,
                     SegmentMade segment_made, LogGrew log_grew, DoubtsSettled doubts_settled)
    : loop_(loop),
      disk_(disk),
      timers_(timers),
      numbers_(numbers),
      options_(options),
      segment_made_(std::move(segment_made)),
      log_grew_(std::move(log_grew)),
      doubts_settled_(std::move(doubts_settled)),
      sync_timer_(timers->make_timer()) {}

std::string LogWriter::path_of(SegmentId id) const { return numbers_->segments_path + "/" + segment_file_name(id); }

Sequence LogWriter::submit(Record record, Finish finish) {
  record.header.sequence = Sequence(numbers_->next_sequence.fetch_add(1, std::memory_order_relaxed));
  record.header.home_epoch = options_.home_epoch;
  Sequence sequence = record.header.sequence;
  enqueue(std::move(record), std::move(finish));
  return sequence;
}

void LogWriter::submit_copy(Record record, Finish finish) { enqueue(std::move(record), std::move(finish)); }

void LogWriter::enqueue(Record record, Finish finish) {
  queue_.push_back({std::move(record), std::move(finish)});
  ++submitted_;
  ensure_running();
}

void LogWriter::ensure_running() {
  if (running_) return;
  running_ = true;
  io::spawn(*loop_, run());
}

Task<void> LogWriter::run() {
  while (!queue_.empty()) {
    co_await write_group();
    // Those who were just answered may have more to write: let them, so that it shares a sync with what came meanwhile.
    co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });
  }
  running_ = false;
}

/// Beside the groups, which do not wait for it.
Task<void> LogWriter::run_syncs() {
  while (!syncing_.empty()) {
    std::vector<io::Resume<Result<void>>> waiting = std::exchange(syncing_, {});
    Result<void> synced = co_await alone(sync_active());
    for (auto& resume : waiting) std::move(resume)(synced);
  }
  syncs_running_ = false;
}

Task<Result<void>> LogWriter::alone(Task<Result<void>> change) {
  while (changing_) co_await change_over_.wait();
  changing_ = true;
  Result<void> changed = co_await std::move(change);
  changing_ = false;
  change_over_.wake_one();
  co_return changed;
}

Task<void> LogWriter::drain() {
  if (finished_ == submitted_) co_return;
  co_await io::suspend<void>(
      [this](io::Resume<void> resume) { draining_.emplace_back(submitted_, std::move(resume)); });
}

Task<Result<void>> LogWriter::sync() {
  co_return co_await io::suspend<Result<void>>([this](io::Resume<Result<void>> resume) {
    syncing_.push_back(std::move(resume));
    if (!std::exchange(syncs_running_, true)) io::spawn(*loop_, run_syncs());
  });
}

Task<Result<void>> LogWriter::close() {
  co_await drain();
  closing_ = true;
  sync_timer_->cancel();
  while (sync_planned_) co_await sync_over_.wait();
  closed_ = true;
  Result<void> synced = co_await sync();  // and nothing comes behind it
  if (!synced || active_ == nullptr) co_return synced;
  co_return co_await alone(seal_active());
}

LogWriter::Group LogWriter::take_group() {
  Group group;
  group.pending.reserve(queue_.size());
  group.heads.reserve(queue_.size());
  group.pieces.reserve(3 * queue_.size());  // of each a head, most often one slice of a body, and padding
  std::uint64_t offset = active_->end;
  while (!queue_.empty()) {
    RecordHeader& header = queue_.front().record.header;
    std::uint64_t bytes = header.record_bytes();
    bool full = group.bytes + bytes > options_.group_bytes_max || offset + bytes > active_->capacity;
    if (full && !group.pending.empty()) break;
    header.durable_position = static_cast<std::uint32_t>(active_->durable_end / record_alignment);
    group.pending.push_back(std::move(queue_.front()));
    queue_.pop_front();

    const Record& record = group.pending.back().record;
    group.heads.push_back(encode_head(record, {active_->salt, offset}));
    group.pieces.push_back(as_bytes(group.heads.back()));
    for (const Body::Slice& slice : record.body) group.pieces.push_back(slice.bytes);
    std::uint64_t unpadded = record.header.head_bytes() + record.header.body_bytes;
    if (bytes > unpadded) group.pieces.push_back(ByteSpan(padding).first(bytes - unpadded));
    offset += bytes;
    group.bytes += bytes;
  }
  return group;
}

Task<void> LogWriter::write_group() {
  Result<void> ready;
  if (closed_) ready = failure(ErrorCode::closed, "the log is closed");
  if (ready && tail_void_) ready = co_await alone(retire_tail());
  if (ready) ready = co_await make_room(queue_.front().record.header.record_bytes());
  if (!ready) {
    fail_all({}, ready.error());
    co_return;
  }
  Group group = take_group();
  ++groups_;
  Result<void> written;
  if (options_.durability == Durability::sync) {
    written = co_await alone(write_durably(std::move(group.pieces)));
  } else {
    written = co_await active_->file->write(active_->end, std::move(group.pieces));
  }
  if (written && tail_void_) written = failure(ErrorCode::io_error, "a sync failed meanwhile");
  if (written) {
    finish_group(std::move(group));
    co_return;
  }
  Error error = std::move(written).error();
  spdlog::error("log: a group of {} records failed in {}: {}", group.pending.size(), path_of(active_->id),
                error.message);
  tail_void_ = true;
  for (const Pending& pending : group.pending) doubtful_.insert(pending.record.key);
  Result<void> retired = co_await alone(retire_tail());
  if (!retired) {
    error =
        Error(ErrorCode::io_error, error.message + "; and its segment could not be ended: " + retired.error().message);
    spdlog::error("log: {}", error.message);
  }
  fail_all(std::move(group.pending), error);
}

void LogWriter::finish_group(Group group) {
  Segment& segment = *active_;
  SegmentTable::Growth growth;
  growth.records = group.pending.size();
  growth.bytes = group.bytes;
  for (const Pending& pending : group.pending) {
    const RecordHeader& header = pending.record.header;
    Sequence sequence = header.sequence;
    if (is_statement(header.kind)) growth.statement_bytes += header.record_bytes();
    segment.first_sequence = segment.records == 0 ? sequence : std::min(segment.first_sequence, sequence);
    segment.last_sequence = std::max(segment.last_sequence, sequence);
    ++segment.records;
  }
  growth.first = segment.first_sequence;
  growth.last = segment.last_sequence;
  numbers_->segments.extend(segment.id, growth);
  numbers_->appended_bytes.fetch_add(group.bytes, std::memory_order_relaxed);
  bool grew = segment.end / growth_told_bytes != (segment.end + group.bytes) / growth_told_bytes;
  for (Pending& pending : group.pending) {
    const RecordHeader& header = pending.record.header;
    Appended appended{header.sequence, header.location_at(segment.id, segment.end)};
    segment.end += header.record_bytes();
    pending.finish(appended);
  }
  if (options_.durability == Durability::sync) {
    segment.durable_end = segment.end;
  } else {
    plan_sync();
  }
  count_finished(group.pending.size());
  if (grew && log_grew_) log_grew_();
}

void LogWriter::fail_all(std::vector<Pending> group, const Error& error) {
  std::move(queue_.begin(), queue_.end(), std::back_inserter(group));
  queue_.clear();
  for (Pending& pending : group) pending.finish(failure(error.code, error.message));
  count_finished(group.size());
}

void LogWriter::count_finished(std::size_t records) {
  finished_ += records;
  auto waiting = std::partition(draining_.begin(), draining_.end(), [&](auto& each) { return each.first > finished_; });
  for (auto each = waiting; each != draining_.end(); ++each) std::move(each->second)();
  draining_.erase(waiting, draining_.end());
}

Task<Result<void>> LogWriter::make_room(std::uint64_t record_bytes) {
  if (active_ != nullptr && active_->end + record_bytes <= active_->capacity) co_return Result<void>();
  if (active_ != nullptr) {
    Result<void> sealed = co_await alone(seal_active());
    // Nothing is lost: its records are durable, and the header of the next segment says where they end.
    if (!sealed) spdlog::warn("log: a full segment has no footer until the next start: {}", sealed.error().message);
  }
  co_return co_await begin_segment(record_bytes);
}

/// Of two syncs at once a file may tell only one that something was lost, so it is never two.
Task<Result<void>> LogWriter::write_durably(std::vector<ByteSpan> pieces) {
  if (tail_void_) co_return failure(ErrorCode::io_error, "an earlier sync failed");
  co_return co_await active_->file->write_durably(active_->end, std::move(pieces));
}

Task<Result<void>> LogWriter::sync_active() {
  if (active_ == nullptr || active_->durable_end == active_->end) co_return Result<void>();
  if (tail_void_) co_return failure(ErrorCode::io_error, "an earlier sync failed");
  std::uint64_t end = active_->end;
  Result<void> synced = co_await active_->file->sync_data();
  if (synced) {
    active_->durable_end = end;
    co_return synced;
  }
  // The last interval may be lost, which is what periodic durability allows; the file is not to be trusted with more.
  spdlog::error("log: what was acknowledged since the last sync may be lost: {}", synced.error().message);
  active_->sync_failed = true;
  tail_void_ = true;
  co_return synced;
}

void LogWriter::plan_sync() {
  if (sync_planned_ || closing_) return;
  sync_planned_ = true;
  io::spawn(*loop_, sync_after_interval());
}

Task<void> LogWriter::sync_after_interval() {
  bool nothing_left = false;
  while (!closing_ && !nothing_left) {
    co_await sync_timer_->wait_until(timers_->clock().monotonic() + options_.sync_interval);
    if (closing_) break;  // which syncs what is left
    Result<void> synced = co_await sync();
    nothing_left = !synced || active_ == nullptr || active_->durable_end == active_->end;
  }
  sync_planned_ = false;
  sync_over_.wake_all();
}

/// Ends the active segment, which is full or not wanted any more; there is none afterwards in any case.
Task<Result<void>> LogWriter::seal_active() {
  Result<void> sealed = co_await sync_active();
  std::unique_ptr<Segment> segment = std::move(active_);
  tail_void_ = false;
  next_header_.predecessor = segment->id;
  next_header_.predecessor_end = segment->end;
  next_header_.predecessor_durable_end = segment->durable_end;
  if (sealed) sealed = co_await write_footer(segment.get());
  if (!sealed) numbers_->segments.set_state(segment->id, SegmentSummary::State::unsealed);
  co_return sealed;
}

Task<Result<void>> LogWriter::write_footer(Segment* segment) {
  SegmentFooter footer;
  footer.id = segment->id;
  footer.salt = segment->salt;
  footer.end = segment->end;
  footer.records = segment->records;
  footer.first_sequence = segment->first_sequence;
  footer.last_sequence = segment->last_sequence;
  CO_TRY(co_await seal_segment(segment->file.get(), footer));
  numbers_->segments.set_state(segment->id, SegmentSummary::State::sealed);
  if (log_grew_) log_grew_();
  co_return Result<void>();
}

/// Makes it durable that nothing is valid behind the end of the active segment.
Task<Result<void>> LogWriter::retire_tail() {
  next_header_.predecessor = active_->id;
  next_header_.predecessor_end = active_->end;
  next_header_.predecessor_durable_end = active_->durable_end;
  SegmentId failed = active_->id;
  Result<void> begun = co_await begin_segment(0);
  if (begun) numbers_->segments.set_state(failed, SegmentSummary::State::unsealed);
  if (!begun && active_->durable_end == active_->end && !active_->sync_failed) {
    // No room for another segment, perhaps. A footer needs none: the space behind the records is ours already.
    Result<void> sealed = co_await write_footer(active_.get());
    if (!sealed) co_return begun;
    active_.reset();
    begun = Result<void>();
  }
  if (begun) {
    tail_void_ = false;
    if (!std::exchange(doubtful_, {}).empty()) doubts_settled_();
  }
  co_return begun;
}

Task<Result<void>> LogWriter::begin_segment(std::uint64_t record_bytes) {
  std::uint64_t capacity = std::max(options_.segment_bytes, segment_page_bytes + record_bytes);
  Result<void> begun = co_await try_begin_segment(capacity);
  while (!begun && begun.error().code == ErrorCode::disk_full) {
    capacity /= 4;  // the rest of a nearly full disk is still good for smaller segments
    if (capacity < std::max(segment_bytes_min, segment_page_bytes + record_bytes)) break;
    begun = co_await try_begin_segment(capacity);
  }
  co_return begun;
}

Task<Result<void>> LogWriter::try_begin_segment(std::uint64_t capacity) {
  if (options_.reserve_bytes > 0) {
    CO_TRY_ASSIGN(std::uint64_t free, co_await disk_->free_bytes(numbers_->segments_path));
    if (free < capacity + options_.reserve_bytes) {
      co_return failure(ErrorCode::disk_full, "what is left of the disk is kept for compaction");
    }
  }
  SegmentHeader header = next_header_;
  header.directory = numbers_->directory;
  header.id = SegmentId(numbers_->next_segment.fetch_add(1, std::memory_order_relaxed));
  header.salt = secure_random_number();
  header.checkpoint = numbers_->checkpoint.load(std::memory_order_relaxed);
  std::string path = path_of(header.id);
  Result<std::unique_ptr<io::File>> file = co_await create_segment_file(path, capacity, header);
  if (!file) {
    Result<void> removed = co_await disk_->remove(path);
    if (!removed && removed.error().code != ErrorCode::no_such_file) {
      spdlog::warn("log: {} is left over until the next start: {}", path, removed.error().message);
    }
    co_return failure(std::move(file).error());
  }
  auto segment = std::make_unique<Segment>();
  segment->id = header.id;
  segment->salt = header.salt;
  segment->file = *std::move(file);
  segment->capacity = capacity;
  segment->end = segment_page_bytes;
  segment->durable_end = segment_page_bytes;
  active_ = std::move(segment);
  SegmentSummary summary;
  summary.id = header.id;
  summary.salt = header.salt;
  summary.predecessor = header.predecessor;
  numbers_->segments.add(summary);
  segment_made_(header.id, header.salt);
  co_return Result<void>();
}

Task<Result<std::unique_ptr<io::File>>> LogWriter::create_segment_file(std::string path, std::uint64_t capacity,
                                                                       SegmentHeader header) {
  io::OpenOptions options;
  options.mode = io::OpenMode::create_exclusively;
  CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await disk_->open(path, options));
  CO_TRY(co_await file->preallocate(0, footer_offset(capacity) + segment_page_bytes));
  std::string page = encode_segment_header(header);
  std::vector<ByteSpan> pieces(1, as_bytes(page));
  CO_TRY(co_await file->write(0, std::move(pieces)));
  CO_TRY(co_await file->sync_data());
  CO_TRY(co_await disk_->sync_directory(numbers_->segments_path));
  co_return file;
}

}  // namespace shoal::storage
