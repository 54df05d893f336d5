#include "shoal/flash/flash_cache.h"

#include <algorithm>
#include <utility>

#include "shoal/base/log.h"

namespace shoal::flash {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t tick_ms = 64;  // 32 bits of it are eight years

}  // namespace

FlashCache::FlashCache(Below below, io::Disk& disk, const Clock& clock, Options options)
    : below_(below),
      clock_(clock),
      options_(std::move(options)),
      made_at_(clock.monotonic()),
      index_(*options_.log.account),
      pieces_(*options_.log.account),
      log_(disk, options_.log),
      evicted_(*options_.log.account),
      batch_(*options_.log.account),
      damage_lines_(std::chrono::seconds(10)) {}

Task<void> FlashCache::open() {
  Result<void> adopted = co_await adopt();
  stats_ = FlashStats();  // what was dropped was so before
  if (!adopted) switch_off(adopted.error());
}

Task<Result<void>> FlashCache::adopt() {
  auto tell = [this](FlashLog::Segment segment, const FlashRecord& record) {
    if (record.units == 0) {
      drop(record.hash, DropReason::evicted);
    } else if (memory_bytes() + growth_for(record) <= options_.index_bytes_max) {
      put(record, segment, 0);
    }
  };
  CO_TRY(co_await log_.open(std::move(tell)));
  while (log_.disk_bytes() > options_.log.capacity) {
    CO_TRY(co_await retire_oldest());
  }
  co_return Result<void>();
}

Task<void> FlashCache::close() {
  Result<void> closed = co_await log_.close();
  if (!closed && !is_off_) spdlog::warn("flash not sealed reason={}", log_value(closed.error().message));
}

FlashStats FlashCache::stats() const {
  FlashStats stats = stats_;
  stats.entries = index_.count();
  stats.index_bytes = memory_bytes();
  stats.disk_bytes = log_.disk_bytes();
  stats.segments = log_.segment_count();
  stats.switched_off = is_off_ ? 1 : 0;
  return stats;
}

std::optional<FlashCache::Copy> FlashCache::find_copy(const ObjectKeyView& key) const {
  Copy copy;
  if (const FlashEntry* entry = index_.find(key.hash)) {
    copy = {entry->bytes(), age_of(*entry), 0};
    return copy;
  }
  for (std::uint64_t piece : pieces_.pieces_of(key.hash)) {
    copy.bytes += index_.find(piece)->bytes();
    ++copy.pieces;
  }
  return copy.pieces > 0 ? std::optional(copy) : std::nullopt;
}

// --- time

milliseconds FlashCache::now() const { return std::chrono::duration_cast<milliseconds>(clock_.monotonic() - made_at_); }

std::uint32_t FlashCache::tick_of(milliseconds ago) const {
  milliseconds since_made = now() - ago;
  return since_made.count() < 0 ? 0 : static_cast<std::uint32_t>(since_made.count() / tick_ms + 1);
}

std::optional<milliseconds> FlashCache::age_of(const FlashEntry& entry) const {
  if (entry.confirmed < trusted_since_) return std::nullopt;
  return now() - milliseconds((entry.confirmed - 1) * tick_ms);
}

// --- what the index knows

FlashEntry* FlashCache::find_same(const FlashEntry& entry) {
  FlashEntry* found = index_.find(entry.hash);
  bool is_same = found != nullptr && found->segment == entry.segment && found->position == entry.position;
  return is_same ? found : nullptr;
}

void FlashCache::drop(std::uint64_t hash, DropReason reason) {
  evicted_.cancel(hash);
  batch_.cancel(hash);
  forget(hash, reason);
  forget_pieces(hash, reason);
}

void FlashCache::forget(std::uint64_t entry_hash, DropReason reason) {
  if (!index_.erase(entry_hash)) return;
  pieces_.erase(entry_hash);
  ++stats_.dropped(reason);
}

void FlashCache::forget_pieces(std::uint64_t hash, DropReason reason) {
  for (std::uint64_t piece : pieces_.pieces_of(hash)) forget(piece, reason);
}

FlashRecord FlashCache::subject_of(const FlashEntry& entry) const {
  FlashRecord record;
  record.hash = entry.hash;
  record.state = entry.state;
  if (const PieceTable::Place* place = pieces_.find(entry.hash)) {
    record.hash = place->object;
    record.piece = place->number;
  }
  return record;
}

std::uint64_t FlashCache::growth_for(const FlashRecord& record) const {
  std::uint64_t growth = index_.growth_for(record.entry_hash());
  return record.piece == FlashRecord::whole ? growth : growth + pieces_.growth_for(record.hash);
}

void FlashCache::put(const FlashRecord& record, FlashLog::Segment segment, std::uint32_t confirmed) {
  if (record.piece != FlashRecord::whole) {
    if (pieces_.state_of(record.hash).value_or(record.state) != record.state) {
      forget_pieces(record.hash, DropReason::changed);
    }
    pieces_.add(record.hash, record.state, record.piece);
  }
  FlashEntry entry;
  entry.hash = record.entry_hash();
  entry.state = record.state;
  entry.confirmed = confirmed;
  entry.segment = segment.value();
  entry.position = record.position;
  entry.units = record.units & INT32_MAX;
  index_.put(entry);
}

void FlashCache::take_note(std::uint64_t hash, const ObjectInfo* present, milliseconds asked_at) {
  if (present == nullptr) return drop(hash, DropReason::changed);
  std::uint64_t state = state_of(*present);
  evicted_.cancel_other(hash, state);
  batch_.cancel_other(hash, state);
  if (pieces_.state_of(hash).value_or(state) != state) forget_pieces(hash, DropReason::changed);
  FlashEntry* entry = index_.find(hash);
  if (entry == nullptr) return;
  if (entry->state != state) return forget(hash, DropReason::changed);
  // What was not compared since the start may be an older version that looks the same.
  if (entry->confirmed != 0) entry->confirmed = std::max(entry->confirmed, tick_of(now() - asked_at));
}

// --- writing through

/// One write of one key below: from its beginning on nothing older is on flash or comes there.
class FlashCache::Revocation {
 public:
  Revocation(FlashCache* cache, const ObjectKey& key) : cache_(cache), hash_(ObjectKeyView(key).hash) {
    ++cache_->being_written_[hash_];
    cache_->drop(hash_, DropReason::written);
  }
  ~Revocation() {
    auto running = cache_->being_written_.find(hash_);
    if (--running->second == 0) cache_->being_written_.erase(running);
  }
  Revocation(const Revocation&) = delete;  // one write
  Revocation& operator=(const Revocation&) = delete;

 private:
  FlashCache* cache_;
  std::uint64_t hash_;
};

class FlashCache::Writer final : public ObjectWriter {
 public:
  Writer(FlashCache* cache, ObjectKey key, std::unique_ptr<ObjectWriter> inner)
      : cache_(cache), key_(std::move(key)), inner_(std::move(inner)) {}

  Task<Result<void>> write(Body piece) override { return inner_->write(std::move(piece)); }
  Task<Result<ObjectInfoPtr>> commit(ObjectInfo info, WriteCondition condition) override {
    Revocation revocation(cache_, key_);
    co_return co_await inner_->commit(std::move(info), std::move(condition));
  }

 private:
  FlashCache* cache_;
  ObjectKey key_;
  std::unique_ptr<ObjectWriter> inner_;
};

Task<Result<ObjectInfoPtr>> FlashCache::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  Revocation revocation(this, key);
  co_return co_await below_.store.put(std::move(key), std::move(info), std::move(body), std::move(condition));
}

Task<Result<std::unique_ptr<ObjectWriter>>> FlashCache::begin_put(ObjectKey key) {
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await below_.store.begin_put(key));
  co_return std::make_unique<Writer>(this, std::move(key), std::move(writer));
}

Task<Result<std::unique_ptr<ObjectWriter>>> FlashCache::begin_announced_put(AnnouncedObject object) {
  ObjectKey key = object.key;
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer,
                co_await below_.pass_through->begin_announced_put(std::move(object)));
  co_return std::make_unique<Writer>(this, std::move(key), std::move(writer));
}

Task<Result<std::unique_ptr<ObjectWriter>>> FlashCache::begin_announced_part(AnnouncedPart part) {
  return below_.pass_through->begin_announced_part(std::move(part));
}

Task<Result<ObjectInfoPtr>> FlashCache::copy(CopySource source, AnnouncedObject target) {
  Revocation revocation(this, target.key);
  co_return co_await below_.pass_through->copy(std::move(source), std::move(target));
}

Task<Result<PartInfo>> FlashCache::copy_part(CopySource source, AnnouncedPart target) {
  return below_.pass_through->copy_part(std::move(source), std::move(target));
}

Task<void> FlashCache::write_below(ObjectKey key, Task<void> writing) {
  Revocation revocation(this, key);
  co_await std::move(writing);
}

Task<Result<bool>> FlashCache::remove(ObjectKey key, WriteCondition condition) {
  Revocation revocation(this, key);
  co_return co_await below_.store.remove(std::move(key), std::move(condition));
}

Task<Result<ObjectInfoPtr>> FlashCache::update_info(ObjectKey key, ObjectInfo info) {
  Revocation revocation(this, key);
  co_return co_await below_.store.update_info(std::move(key), std::move(info));
}

Task<Result<ObjectInfoPtr>> FlashCache::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  Revocation revocation(this, upload.key);
  co_return co_await below_.store.complete_upload(std::move(upload), std::move(info), std::move(condition));
}

// --- buckets

// The index does not know which bucket an entry is of, and buckets come and go seldom.
void FlashCache::doubt_buckets() { trusted_since_ = tick_of(milliseconds(0)) + 1; }

Task<Result<void>> FlashCache::create_bucket(BucketInfo bucket) {
  Result<void> created = co_await below_.store.create_bucket(std::move(bucket));
  doubt_buckets();
  co_return created;
}

Task<Result<void>> FlashCache::remove_bucket(std::string name) {
  Result<void> removed = co_await below_.store.remove_bucket(std::move(name));
  doubt_buckets();
  co_return removed;
}

// --- what is not kept

Task<Result<std::optional<BucketInfo>>> FlashCache::stat_bucket(std::string name) {
  return below_.store.stat_bucket(std::move(name));
}
Task<Result<void>> FlashCache::update_bucket(BucketInfo bucket) {
  return below_.store.update_bucket(std::move(bucket));
}
Task<Result<std::vector<BucketInfo>>> FlashCache::list_buckets() { return below_.store.list_buckets(); }
Task<Result<ListPage>> FlashCache::list(ListRequest request) { return below_.store.list(std::move(request)); }
Task<Result<std::string>> FlashCache::create_upload(ObjectKey key, ObjectInfo info) {
  return below_.store.create_upload(std::move(key), std::move(info));
}
Task<Result<UploadInfo>> FlashCache::stat_upload(UploadKey upload) {
  return below_.store.stat_upload(std::move(upload));
}
Task<Result<PartInfo>> FlashCache::put_part(UploadKey upload, PartInfo part, Body body) {
  return below_.store.put_part(std::move(upload), std::move(part), std::move(body));
}
Task<Result<std::unique_ptr<ObjectWriter>>> FlashCache::begin_part(UploadKey upload, std::uint32_t part_number) {
  return below_.store.begin_part(std::move(upload), part_number);
}
Task<Result<std::vector<PartInfo>>> FlashCache::list_parts(UploadKey upload) {
  return below_.store.list_parts(std::move(upload));
}
Task<Result<void>> FlashCache::abort_upload(UploadKey upload) { return below_.store.abort_upload(std::move(upload)); }
Task<Result<std::vector<UploadInfo>>> FlashCache::list_uploads(std::string bucket, std::string prefix) {
  return below_.store.list_uploads(std::move(bucket), std::move(prefix));
}

}  // namespace shoal::flash
