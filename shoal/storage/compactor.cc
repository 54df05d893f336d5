#include "shoal/storage/compactor.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/log.h"
#include "shoal/io/join.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/bucket_directory.h"
#include "shoal/storage/log_store.h"
#include "shoal/storage/salvage.h"

namespace shoal::storage {
namespace {

constexpr std::size_t batch_records_max = 1'024;
constexpr std::uint64_t batch_bytes_max = 4_MiB;
/// The score of what goes whether or not there is too much garbage.
constexpr double free_of_charge = std::numeric_limits<double>::infinity();
/// So many are emptied before what was copied is synced; fewer when what they hold fills a segment.
constexpr std::size_t victims_at_once_max = 8;
/// A segment with less garbage than this share is not worth the copying.
constexpr double victim_garbage_share_min = 0.05;
/// Should the newest checkpoint be damaged, the one before it must know what was deleted as well.
constexpr std::uint32_t checkpoints_to_know = 2;
/// Space is short when less than so many segments, or this share of what the log could take, is left.
constexpr std::uint64_t free_segments_min = 4;
constexpr double free_share_min = 0.05;
/// Copying is not throttled either when there is so many times more garbage than there should be.
constexpr double garbage_to_hurry = 1.5;

bool is_about_bucket(RecordKind kind) { return kind == RecordKind::bucket_put || kind == RecordKind::bucket_remove; }

/// Whether no statement about another segment would be lost with this one.
bool may_go(const SegmentSummary& segment, const std::map<SegmentId, const SegmentSummary*>& by_id) {
  if (segment.state != SegmentSummary::State::sealed || segment.left_alone) return false;
  if (segment.checkpoints < segment.checkpoints_needed) return false;
  auto predecessor = by_id.find(segment.predecessor);
  return predecessor == by_id.end() || predecessor->second->state == SegmentSummary::State::sealed;
}

}  // namespace

Compactor::Compactor(Context context) : context_(context), pace_timer_(context_.timers->make_timer()) {}

void Compactor::wake(const std::weak_ptr<Compactor>& compactor) {
  std::shared_ptr<Compactor> target = compactor.lock();
  if (target == nullptr || target->context_.options.garbage_share_max >= 1) return;
  target->context_.loop->post([compactor] {
    std::shared_ptr<Compactor> self = compactor.lock();
    if (self == nullptr) return;
    self->wanted_ = true;
    if (!std::exchange(self->running_, true)) io::spawn(*self->context_.loop, self->run(self));
  });
}

Task<void> Compactor::run(std::shared_ptr<Compactor> self) {
  Result<io::Gate::Pass> pass = self->gate_.enter();
  bool more = false;
  while (pass && !self->gate_.is_closed() && (more || std::exchange(self->wanted_, false))) {
    Result<bool> compacted = co_await self->compact_some(self->context_.options.garbage_share_max);
    more = compacted && *compacted;
    // The next sealed segment is the next attempt.
    if (!compacted && compacted.error().code != ErrorCode::closed) {
      spdlog::warn("compaction: {}", compacted.error().message);
    }
  }
  self->running_ = false;
}

Task<Result<void>> Compactor::compact_all(std::function<bool()> go_on) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  for (bool more = true; more;) {
    if (go_on && !go_on()) co_return Result<void>();
    CO_TRY_ASSIGN(more, co_await compact_some(0));
  }
  co_return Result<void>();
}

Task<void> Compactor::close() {
  Task<void> closed = gate_.close();
  pace_timer_->cancel();
  co_await std::move(closed);
}

Task<Result<bool>> Compactor::compact_some(double garbage_share_max) {
  io::AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
  if (gate_.is_closed()) co_return failure(ErrorCode::closed, "the log is closing");
  std::vector<Victim> victims = co_await choose(garbage_share_max);
  if (victims.empty()) co_return false;
  Emptied emptied;
  for (Victim& victim : victims) {
    SegmentId id = victim.segment.id;
    Result<void> done = co_await empty(std::move(victim), &emptied);
    // Those before it have nothing left to copy when they are chosen again.
    if (!done) co_return failure(done.error().code, fmt::format("segment {}: {}", id.value(), done.error().message));
  }
  CO_TRY(co_await remove(&emptied));
  counters_.segments += emptied.segments.size();
  counters_.bytes_freed += emptied.bytes_freed;
  co_return true;
}

Task<bool> Compactor::is_space_short() {
  Result<std::uint64_t> free = co_await context_.disk->free_bytes(context_.numbers->segments_path);
  if (!free) co_return false;
  auto all = static_cast<double>(*free + context_.numbers->segments.bytes());
  std::uint64_t wanted =
      std::max(free_segments_min * context_.segment_bytes, static_cast<std::uint64_t>(free_share_min * all));
  co_return *free < context_.options.reserve_bytes + wanted;
}

Task<std::vector<Compactor::Victim>> Compactor::choose(double garbage_share_max) {
  bool space_is_short = co_await is_space_short();
  std::map<SegmentId, std::uint64_t> live;
  for (LogStore* store : *context_.stores) {
    co_await io::run_on(store->loop(), [&] { store->add_live_bytes(live); });
  }
  const std::vector<SegmentSummary> segments = context_.numbers->segments.all();
  for (const SegmentSummary& segment : segments) {
    if (segment.checkpoints < checkpoints_to_know) live[segment.id] += segment.statement_bytes.value_or(0);
  }
  std::map<SegmentId, const SegmentSummary*> by_id;
  std::uint64_t bytes = 0;
  std::uint64_t live_bytes = 0;
  Sequence newest;
  for (const SegmentSummary& segment : segments) {
    by_id.emplace(segment.id, &segment);
    bytes += segment.bytes;
    live_bytes += std::min(live[segment.id], segment.bytes);
    newest = std::max(newest, segment.last_sequence);
  }
  auto garbage = static_cast<double>(bytes - live_bytes);
  double garbage_max = garbage_share_max * static_cast<double>(bytes);
  bool too_much = space_is_short || garbage > garbage_max;
  hurries_ = space_is_short || garbage > garbage_to_hurry * garbage_max;

  std::vector<Victim> victims;
  for (const SegmentSummary& segment : segments) {
    // The segment with the newest record stays: the numbers would be given again after a restart without it.
    if (!may_go(segment, by_id) || segment.last_sequence == newest || segment.bytes == 0) continue;
    std::uint64_t needed = std::min(live[segment.id], segment.bytes);
    double used = static_cast<double>(needed) / static_cast<double>(segment.bytes);
    // What may hold deletions that the next checkpoint makes superfluous can wait for it.
    bool is_free = needed == 0 && (segment.checkpoints >= checkpoints_to_know || segment.statement_bytes);
    bool is_worth_it = is_free || (too_much && 1 - used >= victim_garbage_share_min);
    if (!is_worth_it && !segment.damaged) continue;
    auto age = static_cast<double>(newest.value() - segment.last_sequence.value());
    double score = (1 - used) * (1 + age) / (1 + used);
    if (is_free || segment.damaged) score = free_of_charge;
    victims.push_back({segment, needed, segment.checkpoints < checkpoints_to_know, score});
  }
  std::ranges::sort(victims, [](const Victim& a, const Victim& b) {
    return a.score != b.score ? a.score > b.score : a.segment.id < b.segment.id;
  });
  // Copies take space before anything is freed: if it is short, one after the other.
  std::size_t victims_max = space_is_short ? 1 : victims_at_once_max;
  std::uint64_t copies = 0;
  std::size_t count = 0;
  for (const Victim& victim : victims) {
    bool is_enough = count == victims_max || copies >= context_.segment_bytes;
    bool is_useful = victim.score == free_of_charge || space_is_short || garbage > garbage_max;
    if (is_enough || !is_useful) break;
    garbage -= static_cast<double>(victim.segment.bytes - victim.live_bytes);
    copies += victim.live_bytes;
    ++count;
  }
  victims.resize(count);
  co_return victims;
}

Task<Result<void>> Compactor::empty(Victim victim, Emptied* emptied) {
  SegmentId id = victim.segment.id;
  std::string path = context_.numbers->segments_path + "/" + segment_file_name(id);
  // Not past the page cache: what collects garbage quickly was often written a moment ago, and what is read into it
  // goes with the file.
  io::OpenOptions options;
  CO_TRY_ASSIGN(std::unique_ptr<io::File> file, co_await context_.disk->open(path, options));
  std::uint64_t end = segment_page_bytes + victim.segment.bytes;
  RecordScan scan(file.get(), id, victim.segment.salt, end, context_.account);
  Result<std::uint64_t> moved = co_await move_all(&scan, victim.deletions_are_needed);
  if (!moved && moved.error().code == ErrorCode::corrupt) {
    spdlog::error("compaction: {} is damaged and stays as it is: {}", path, moved.error().message);
    context_.numbers->segments.leave_alone(id);
    co_return Result<void>();
  }
  if (!moved) co_return failure(std::move(moved).error());
  if (!scan.damaged().empty()) {
    CO_TRY_ASSIGN(bool is_kept, co_await salvage(&victim, file.get(), &scan.damaged()));
    if (!is_kept) {
      spdlog::warn("compaction: {} stays until checkpoints know what it may have deleted: it cannot be read", path);
      context_.numbers->segments.await_checkpoints(id, checkpoints_to_know);
      co_return Result<void>();
    }
  }
  emptied->segments.push_back(id);
  emptied->bytes_freed += victim.segment.bytes - std::min(*moved, victim.segment.bytes);
  spdlog::debug("compaction: segment {} may go: {} of {} bytes moved", id.value(), *moved, victim.segment.bytes);
  co_return Result<void>();
}

Task<Result<bool>> Compactor::salvage(const Victim* victim, io::File* file,
                                      const std::vector<DamagedStretch>* stretches) {
  Salvage salvage;
  salvage.disk = context_.disk;
  salvage.stores = context_.stores;
  salvage.buckets = context_.buckets;
  salvage.quarantine_path = context_.quarantine_path;
  salvage.segment = victim->segment;
  CO_TRY_ASSIGN(bool explained, co_await keep_damaged(salvage, file, *stretches));
  // What nobody knows is garbage or a deletion, of which checkpoints may know.
  co_return explained || !victim->deletions_are_needed;
}

std::size_t Compactor::store_of(const ScannedRecord& record) const {
  if (is_about_bucket(record.header.kind)) return 0;
  return loop_of(ObjectKeyView(record.key).slot(), context_.stores->size());
}

Task<Result<std::uint64_t>> Compactor::move_all(RecordScan* scan, bool deletions_are_needed) {
  std::uint64_t moved = 0;
  CO_TRY_ASSIGN(std::vector<ScannedRecord> batch, co_await scan->next(batch_records_max, batch_bytes_max));
  while (!batch.empty()) {
    if (gate_.is_closed()) co_return failure(ErrorCode::closed, "the log is closing");
    Result<std::vector<ScannedRecord>> next;
    Result<std::uint64_t> copied = 0;
    std::vector<Task<void>> both;
    both.push_back(read_batch(scan, &next));
    both.push_back(move_batch(std::move(batch), deletions_are_needed, &copied));
    co_await io::join_all(std::move(both));
    if (!copied) co_return copied;
    moved += *copied;
    counters_.bytes_moved += *copied;
    CO_TRY_ASSIGN(batch, std::move(next));
    co_await pace(*copied);
  }
  co_return moved;
}

Task<void> Compactor::read_batch(RecordScan* scan, Result<std::vector<ScannedRecord>>* batch) {
  *batch = co_await scan->next(batch_records_max, batch_bytes_max);
}

Task<void> Compactor::move_batch(std::vector<ScannedRecord> records, bool deletions_are_needed,
                                 Result<std::uint64_t>* copied) {
  std::optional<io::AsyncMutex::Lock> no_bucket_changes;
  if (std::ranges::any_of(records, [](const ScannedRecord& record) { return is_about_bucket(record.header.kind); })) {
    no_bucket_changes.emplace(co_await context_.buckets->lock());
  }
  std::vector<std::vector<ScannedRecord>> by_store(context_.stores->size());
  for (ScannedRecord& record : records) by_store[store_of(record)].push_back(std::move(record));
  std::vector<Result<std::uint64_t>> results(by_store.size(), 0);
  std::vector<Task<void>> stores;
  for (std::size_t i = 0; i < by_store.size(); ++i) {
    if (by_store[i].empty()) continue;
    stores.push_back(move_there((*context_.stores)[i], std::move(by_store[i]), deletions_are_needed, &results[i]));
  }
  co_await io::join_all(std::move(stores));
  for (Result<std::uint64_t>& result : results) {
    if (*copied && result) **copied += *result;
    if (*copied && !result) *copied = std::move(result);
  }
}

Task<void> Compactor::move_there(LogStore* store, std::vector<ScannedRecord> records, bool deletions_are_needed,
                                 Result<std::uint64_t>* copied) {
  auto move_them = [&] { return store->move_records(std::move(records), deletions_are_needed); };
  *copied = co_await io::run_on(store->loop(), move_them);
}

/// One sync makes all copies durable, however many segments they came from.
Task<Result<void>> Compactor::remove(const Emptied* emptied) {
  if (emptied->segments.empty()) co_return Result<void>();
  for (LogStore* store : *context_.stores) {
    auto settle_there = [&] { return store->settle(); };
    CO_TRY(co_await io::run_on(store->loop(), settle_there));
  }
  Result<void> result;
  std::vector<SegmentId> removed;
  for (SegmentId id : emptied->segments) {
    result = co_await remove_file(id);
    if (!result) break;
    removed.push_back(id);
  }
  Result<void> synced = co_await context_.disk->sync_directory(context_.numbers->segments_path);
  for (SegmentId id : removed) {
    // Until it is gone for good, deletions of what it holds are needed: only then the table forgets it.
    if (synced) {
      context_.numbers->segments.remove(id);
    } else {
      context_.numbers->segments.leave_alone(id);
    }
  }
  co_return result ? std::move(synced) : std::move(result);
}

Task<Result<void>> Compactor::remove_file(SegmentId id) {
  for (LogStore* store : *context_.stores) {
    auto forget_there = [&] { return store->forget_segment(id); };
    CO_TRY(co_await io::run_on(store->loop(), forget_there));
  }
  Result<void> removed = co_await context_.disk->remove(context_.numbers->segments_path + "/" + segment_file_name(id));
  if (!removed) context_.numbers->segments.leave_alone(id);
  co_return removed;
}

/// Lets so much time pass as the copying of so many bytes may take, unless it is urgent.
Task<void> Compactor::pace(std::uint64_t bytes) {
  if (bytes == 0 || context_.options.bytes_per_second == 0 || hurries_ || gate_.is_closed()) co_return;
  auto pause = std::chrono::nanoseconds(static_cast<std::int64_t>(
      1e9 * static_cast<double>(bytes) / static_cast<double>(context_.options.bytes_per_second)));
  co_await pace_timer_->wait_until(context_.timers->clock().monotonic() + pause);
}

}  // namespace shoal::storage
