// FlashCache: what an operator does with all copies of some objects. The index knows hashes only; names are on flash.
#include <algorithm>
#include <utility>

#include "shoal/flash/flash_cache.h"
#include "shoal/io/join.h"
#include "shoal/io/suspend.h"

namespace shoal::flash {
namespace {

/// Copies that are looked at in one step, and evicted with one record.
constexpr std::size_t copies_at_a_time = 512;
/// Records whose beginnings are no farther apart are read together, up to so many bytes.
constexpr std::uint64_t gap_bytes_max = 16_KiB;
constexpr std::uint64_t read_bytes_max = 256_KiB;
constexpr std::size_t reads_at_once = 8;

constexpr std::uint32_t units_of(std::uint64_t bytes) {
  return static_cast<std::uint32_t>(bytes / storage::record_alignment);
}

/// Of a record, as much as has its key.
std::uint32_t key_units(const FlashEntry& entry) {
  return std::min<std::uint32_t>(entry.units, units_of(key_bytes_max));
}

/// Entries of one segment, by place: those that are read together.
std::vector<std::span<const FlashEntry>> stretches_of(const std::vector<FlashEntry>& entries) {
  std::vector<std::span<const FlashEntry>> stretches;
  for (std::size_t first = 0, last = 1; first < entries.size(); first = last++) {
    auto reaches = [&](const FlashEntry& next) {
      return next.position - entries[last - 1].position <= units_of(gap_bytes_max) &&
             next.position - entries[first].position <= units_of(read_bytes_max - key_bytes_max);
    };
    while (last < entries.size() && reaches(entries[last])) ++last;
    stretches.push_back(std::span(entries).subspan(first, last - first));
  }
  return stretches;
}

}  // namespace

Task<Result<FlashInventory>> FlashCache::survey(Selection selection) {
  if (is_off_) co_return FlashInventory();
  co_return co_await go_through(std::move(selection), Purpose::count);
}

Task<Result<FlashInventory>> FlashCache::evict(Selection selection) {
  if (is_off_) co_return FlashInventory();
  {
    // What is being written now is in the index when the lock is had, and found there.
    io::AsyncMutex::Lock lock = co_await writing_.lock();
    evicted_.cancel_selected(selection);
  }
  co_return co_await go_through(std::move(selection), Purpose::evict);
}

// What is written again while this goes on moves to the newest segment, which comes last.
Task<Result<FlashInventory>> FlashCache::go_through(Selection selection, Purpose purpose) {
  using Segment = FlashLog::Segment;
  FlashInventory sum;
  for (auto segment = log_.segment_after(Segment(0)); segment; segment = log_.segment_after(*segment)) {
    std::size_t seen = 0;
    for (auto hashes = log_.hashes_of(*segment, 0, copies_at_a_time); !hashes.empty();
         hashes = log_.hashes_of(*segment, seen, copies_at_a_time)) {
      seen += hashes.size();
      std::vector<FlashEntry> entries = entries_in(*segment, hashes);
      Result<std::vector<FlashEntry>> selected = co_await select(std::move(entries), &selection);
      Result<void> done = selected ? Result<void>() : Result<void>(failure(selected.error()));
      if (selected) {
        for (const FlashEntry& entry : *selected) count_into(sum, entry);
        if (purpose == Purpose::evict) done = co_await take_out(*std::move(selected));
      }
      if (!done) {
        if (done.error().code != ErrorCode::overloaded) switch_off(done.error());
        co_return failure(std::move(done).error());
      }
      // Through the queue of the loop, so that the requests which wait there come first.
      co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });
    }
  }
  co_return sum;
}

void FlashCache::count_into(FlashInventory& sum, const FlashEntry& entry) const {
  ++(pieces_.find(entry.hash) != nullptr ? sum.pieces : sum.objects);
  sum.bytes += entry.bytes();
}

std::vector<FlashEntry> FlashCache::entries_in(FlashLog::Segment segment, const std::vector<std::uint64_t>& hashes) {
  std::vector<FlashEntry> entries;
  for (std::uint64_t hash : hashes) {
    const FlashEntry* entry = index_.find(hash);
    if (entry != nullptr && entry->segment == segment.value()) entries.push_back(*entry);
  }
  std::ranges::sort(entries, {}, &FlashEntry::position);
  auto repeated = std::ranges::unique(entries, {}, &FlashEntry::position);  // its key was written there twice
  entries.erase(repeated.begin(), repeated.end());
  return entries;
}

Task<Result<std::vector<FlashEntry>>> FlashCache::select(std::vector<FlashEntry> entries, const Selection* selection) {
  std::vector<FlashEntry> selected;
  Result<void> outcome;
  std::vector<std::span<const FlashEntry>> stretches = stretches_of(entries);
  std::function<Task<void>(std::size_t)> start = [&](std::size_t i) {
    return look_at(stretches[i], selection, &selected, &outcome);
  };
  co_await io::for_each_at_once(stretches.size(), reads_at_once, std::move(start));
  if (!outcome) co_return failure(std::move(outcome).error());
  co_return selected;
}

Task<void> FlashCache::look_at(std::span<const FlashEntry> entries, const Selection* selection,
                               std::vector<FlashEntry>* selected, Result<void>* outcome) {
  std::uint32_t begin = entries.front().position;
  std::uint32_t units = entries.back().position + key_units(entries.back()) - begin;
  auto bytes = co_await log_.read(FlashLog::Segment(entries.front().segment), begin, units);
  if (!bytes && bytes.error().code != ErrorCode::corrupt) *outcome = failure(bytes.error());
  if (!*outcome || (bytes && !*bytes)) co_return;  // gone: its segment was the oldest
  for (const FlashEntry& entry : entries) {
    if (find_same(entry) == nullptr) continue;
    Result<ObjectKeyView> key = failure(ErrorCode::corrupt, "the segment ends before its records do");
    if (bytes) {
      ByteSpan from_here = (*bytes)->bytes.subspan((entry.position - begin) * storage::record_alignment);
      key = read_key(from_here, subject_of(entry).hash);
    }
    if (!key) {
      forget(entry.hash, DropReason::damaged);
    } else if ((*selection)(key->bucket, key->name)) {
      selected->push_back(entry);
    }
  }
}

// The index forgets them at once; the record is for the next start, so it has to survive whatever ends this one.
Task<Result<void>> FlashCache::take_out(std::vector<FlashEntry> entries) {
  std::vector<std::uint64_t> hashes;
  for (const FlashEntry& entry : entries) {
    if (find_same(entry) == nullptr) continue;
    std::uint64_t hash = subject_of(entry).hash;
    evicted_.cancel(hash);
    batch_.cancel(hash);
    forget(entry.hash, DropReason::evicted);
    if (hashes.empty() || hashes.back() != hash) hashes.push_back(hash);  // pieces of one object stand together
  }
  if (hashes.empty()) co_return Result<void>();
  io::AsyncMutex::Lock lock = co_await writing_.lock();
  if (is_off_) co_return failure(ErrorCode::closed, "flash was switched off");
  storage::Record record = make_eviction_record(hashes);
  std::uint64_t bytes = record.header.record_bytes();
  while (memory_bytes() + log_.growth_for(hashes.size()) > options_.index_bytes_max && log_.segment_count() > 1) {
    CO_TRY(co_await retire_oldest());
  }
  if (!log_.has_room_for(bytes, hashes.size())) {
    CO_TRY(co_await next_segment());
  }
  std::vector<FlashRecord> records;
  records.reserve(hashes.size());
  for (std::uint64_t hash : hashes) records.push_back({.hash = hash, .position = units_of(log_.end().offset)});
  std::string encoded = storage::encode_head(record, log_.end());
  encoded.resize(bytes);
  CO_TRY(co_await log_.append(as_bytes(encoded), std::move(records)));
  co_return co_await log_.sync();
}

}  // namespace shoal::flash
