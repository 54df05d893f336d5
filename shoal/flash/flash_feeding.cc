// FlashCache: what gets to flash, and what makes way for it.
#include <utility>

#include "shoal/base/log.h"
#include "shoal/flash/flash_cache.h"

namespace shoal::flash {
namespace {

/// So much is copied and written in one step.
constexpr std::uint64_t batch_bytes_max = 1_MiB;

}  // namespace

void FlashCache::switch_off(const Error& error) {
  if (std::exchange(is_off_, true)) return;
  spdlog::error("flash switched off until the next start directory={} reason={}", log_value(options_.log.directory),
                log_value(error.message));
  index_.clear();
  pieces_.clear();
  while (!evicted_.empty()) evicted_.pop_front();
}

Task<std::uint64_t> FlashCache::feed(EvictionPreview* preview, std::uint64_t bytes_max) {
  io::AsyncMutex::Lock lock = co_await writing_.lock();
  if (is_off_) co_return 0;
  evicted_bytes_max_ = bytes_max;
  Result<std::uint64_t> written = co_await feed_some(preview, bytes_max);
  if (!written) switch_off(written.error());
  co_return written.value_or(0);
}

bool FlashCache::wants(const EvictionCandidate& candidate) const {
  std::uint64_t size = candidate.body.size();
  if (candidate.info != nullptr && size != candidate.info->size) return false;
  if (size < options_.object_bytes_min || size > options_.object_bytes_max) return false;
  FlashRecord record = record_of(candidate);
  if (being_written_.contains(record.hash) || batch_.contains(record)) return false;
  const FlashEntry* entry = index_.find(record.entry_hash());
  return entry == nullptr || entry->state != record.state;
}

void FlashCache::keep_evicted(const EvictionCandidate& candidate) {
  if (is_off_ || !wants(candidate) || evicted_.contains(record_of(candidate))) return;
  if (evicted_.bytes() + candidate.body.size() > evicted_bytes_max_) {
    ++stats_.lost;
    return;
  }
  evicted_.push(candidate, now() - candidate.age);
}

FlashCache::Stop FlashCache::add_to_batch(const EvictionCandidate& candidate, std::uint64_t bytes_max) {
  storage::Record record = candidate.info != nullptr
                               ? make_object_record(candidate.key, *candidate.info, candidate.body)
                               : make_piece_record(candidate.key, candidate.piece, candidate.body);
  RecordBatch::Item item;
  item.record = record_of(candidate);
  std::uint64_t bytes = record.header.record_bytes();
  if (bytes > log_.record_bytes_max()) return Stop::nothing_left;
  std::uint64_t index_growth = batch_growth_ + growth_for(item.record);
  std::uint64_t log_growth = log_.growth_for(batch_.items().size() + 1);
  if (!log_.has_room_for(batch_.bytes() + bytes, batch_.items().size() + 1)) return Stop::segment_full;
  if (memory_bytes() + index_growth + log_growth > options_.index_bytes_max) return Stop::index_full;
  if (candidate.info != nullptr) item.confirmed = tick_of(candidate.age);
  batch_.add(record, item);
  batch_growth_ = index_growth;
  if (batch_.bytes() >= bytes_max) return Stop::budget_used;
  return batch_.bytes() >= batch_bytes_max ? Stop::batch_full : Stop::nothing_left;
}

// First what is gone from memory, then what is there still.
FlashCache::Stop FlashCache::gather(EvictionPreview* preview, std::uint64_t bytes_max) {
  if (log_.has_newest()) batch_.begin_at(log_.end());
  Stop stop = Stop::nothing_left;
  while (!evicted_.empty()) {
    const EvictedQueue::Item& item = evicted_.front();
    EvictionCandidate candidate = item.candidate(now() - item.confirmed_at);
    if (!item.cancelled && wants(candidate)) stop = add_to_batch(candidate, bytes_max);
    if (stop == Stop::segment_full || stop == Stop::index_full) return stop;
    evicted_.pop_front();
    if (stop != Stop::nothing_left) return stop;
  }
  // What is written in this turn is what may be evicted before the next one, and as much again.
  preview->preview_evictions(2 * bytes_max, [&](const EvictionCandidate& candidate) {
    if (wants(candidate)) stop = add_to_batch(candidate, bytes_max);
    return stop == Stop::nothing_left;
  });
  return stop;
}

Task<Result<std::uint64_t>> FlashCache::feed_some(EvictionPreview* preview, std::uint64_t bytes_max) {
  std::uint64_t written_before = stats_.bytes_written;
  std::uint64_t written = 0;
  while (written < bytes_max) {
    Stop stop = gather(preview, bytes_max - written);
    CO_TRY(co_await commit_batch());
    if (stop == Stop::segment_full) {
      CO_TRY(co_await next_segment());
    }
    if (stop == Stop::index_full) {
      if (log_.segment_count() < 2) break;
      CO_TRY(co_await retire_oldest());
    }
    written = stats_.bytes_written - written_before;
    if (stop == Stop::budget_used || written >= bytes_max) ++stats_.write_waits;
    if (stop == Stop::nothing_left) break;
  }
  co_return written;
}

Task<Result<void>> FlashCache::commit_batch() {
  if (batch_.empty()) co_return Result<void>();
  FlashLog::Segment segment = log_.newest();
  Result<void> written = co_await log_.append(batch_.span(), batch_.records());
  if (written) {
    for (const RecordBatch::Item& item : batch_.items()) install(item, segment);
    stats_.objects_written += batch_.items().size();
    stats_.bytes_written += batch_.bytes();
  }
  batch_.clear();
  batch_growth_ = 0;
  co_return written;
}

void FlashCache::install(const RecordBatch::Item& item, FlashLog::Segment segment) {
  if (item.cancelled || is_off_) return;
  std::uint32_t confirmed = item.confirmed;
  if (item.from_segment != 0) {
    const FlashEntry* present = index_.find(item.record.entry_hash());
    if (present == nullptr || present->segment != item.from_segment) return;
    confirmed = present->confirmed;
    stats_.bytes_rewritten += item.record.bytes();
  }
  put(item.record, segment, confirmed);
}

// The room of one segment is kept free, so that what is hot in the oldest has somewhere to go before that is removed.
Task<Result<void>> FlashCache::next_segment() {
  while (!log_.has_room_for_segment()) {
    CO_TRY(co_await retire_oldest());
  }
  CO_TRY(co_await log_.begin_segment());
  while (!log_.has_room_for_segment()) {
    CO_TRY(co_await retire_oldest());
  }
  co_return Result<void>();
}

Task<Result<void>> FlashCache::retire_oldest() {
  FlashLog::Segment oldest = log_.oldest();
  CO_TRY(co_await rewrite_hot(oldest));
  for (std::uint64_t hash : log_.hashes_of_oldest()) {
    const FlashEntry* entry = index_.find(hash);
    if (entry != nullptr && entry->segment == oldest.value()) forget(hash, DropReason::aged);
  }
  co_return co_await log_.drop_oldest();
}

/// What was hit goes to the newest segment, but not more than half of one: the other half is for what is new.
Task<Result<void>> FlashCache::rewrite_hot(FlashLog::Segment segment) {
  std::uint64_t rewritten_before = stats_.bytes_rewritten;
  std::uint64_t bytes_max = log_.segment_bytes() / 2;
  const std::vector<std::uint64_t>& hashes = log_.hashes_of_oldest();
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const FlashEntry* entry = index_.find(hashes[i]);
    bool is_hot = entry != nullptr && entry->segment == segment.value() && entry->was_hit != 0;
    if (!is_hot || batch_.contains(subject_of(*entry))) continue;
    if (stats_.bytes_rewritten - rewritten_before + batch_.bytes() >= bytes_max) break;
    CO_TRY_ASSIGN(bool has_room, co_await rewrite(*entry));
    if (!has_room) break;
    if (batch_.bytes() >= batch_bytes_max) {
      CO_TRY(co_await commit_batch());
    }
  }
  co_return co_await commit_batch();
}

/// Adds the record to the batch if it is sound. Whether there was room for it.
Task<Result<bool>> FlashCache::rewrite(FlashEntry entry) {
  FlashLog::Segment segment(entry.segment);
  auto bytes = co_await log_.read(segment, entry.position, entry.units);
  if (!bytes && bytes.error().code == ErrorCode::io_error) co_return failure(std::move(bytes).error());
  if (!bytes || !*bytes || find_same(entry) == nullptr) co_return true;
  ByteSpan span = (*bytes)->bytes;
  auto head = storage::parse_head(span, log_.place_of(segment, entry.position));
  if (!head || head->header.record_bytes() != span.size()) co_return true;
  ByteSpan body = span.subspan(head->header.head_bytes(), head->header.body_bytes);
  if (!storage::verify_blocks(*head, 0, body)) co_return true;
  if (!log_.has_room_for(batch_.bytes() + span.size(), batch_.items().size() + 1)) co_return false;
  if (batch_.empty()) batch_.begin_at(log_.end());
  Body copied = body.empty() ? Body() : Body((*bytes)->owner, body);
  auto record = storage::make_record(head->header.kind, head->key(), std::string(head->info), std::move(copied));
  record.header.sequence = head->header.sequence;
  RecordBatch::Item item;
  item.record = subject_of(entry);
  item.from_segment = entry.segment;
  batch_.add(record, item);
  co_return true;
}

}  // namespace shoal::flash
