#include "shoal/flash/flash_cache.h"

#include <algorithm>
#include <utility>

#include "shoal/base/log.h"

namespace shoal::flash {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t tick_ms = 64;  // 32 bits of it are eight years

/// Enough for the head of a record, unless very much is attached to the object: a page, since no disk reads less.
constexpr std::uint64_t head_bytes_mostly = 4_KiB;

std::uint64_t bytes_to_units(std::uint64_t bytes) {
  return (bytes + storage::record_alignment - 1) / storage::record_alignment;
}

Result<Object> read_description(ByteSpan bytes, std::uint64_t record_bytes, storage::RecordPlace place,
                                const ObjectKeyView& key, std::uint64_t state) {
  TRY_ASSIGN(ObjectHead head, read_object_head(bytes, record_bytes, place, key, state));
  Object object;
  object.info = std::move(head.info);
  object.from_flash = true;
  return object;
}

const ObjectInfo* info_of(const Object& object) { return object.info.get(); }
const ObjectInfo* info_of(const ObjectInfoPtr& info) { return info.get(); }

}  // namespace

FlashCache::FlashCache(Below below, io::Disk& disk, const Clock& clock, Options options)
    : below_(below),
      clock_(clock),
      options_(std::move(options)),
      made_at_(clock.monotonic()),
      index_(*options_.log.account),
      log_(disk, options_.log),
      evicted_(*options_.log.account),
      batch_(*options_.log.account),
      damage_lines_(std::chrono::seconds(10)) {}

Task<void> FlashCache::open() {
  Result<void> adopted = co_await adopt();
  if (!adopted) switch_off(adopted.error());
}

Task<Result<void>> FlashCache::adopt() {
  auto put = [this](FlashLog::Segment segment, const FlashRecord& record) {
    if (record.units == 0) index_.erase(record.hash);
    FlashEntry entry;
    entry.hash = record.hash;
    entry.state = record.state;
    entry.segment = segment.value();
    entry.position = record.position;
    entry.units = record.units & INT32_MAX;
    bool fits = memory_bytes() + index_.growth_for(record.hash) <= options_.index_bytes_max;
    if (entry.units != 0 && fits) index_.put(entry);
  };
  CO_TRY(co_await log_.open(std::move(put)));
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
  const FlashEntry* entry = index_.find(key.hash);
  if (entry == nullptr) return std::nullopt;
  return Copy{entry->bytes(), age_of(*entry)};
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

// --- reading

FlashEntry* FlashCache::find_same(const FlashEntry& entry) {
  FlashEntry* found = index_.find(entry.hash);
  bool is_same = found != nullptr && found->segment == entry.segment && found->position == entry.position;
  return is_same ? found : nullptr;
}

void FlashCache::drop(std::uint64_t hash, DropReason reason) {
  evicted_.cancel(hash);
  batch_.cancel(hash);
  if (index_.erase(hash)) ++stats_.dropped(reason);
}

void FlashCache::take_note(std::uint64_t hash, const ObjectInfo* present, milliseconds asked_at) {
  FlashEntry* entry = index_.find(hash);
  if (present == nullptr) return drop(hash, DropReason::changed);
  std::uint64_t state = state_of(*present);
  evicted_.cancel_other(hash, state);
  batch_.cancel_other(hash, state);
  if (entry == nullptr) return;
  if (entry->state != state) return drop(hash, DropReason::changed);
  // What was not compared since the start may be an older version that looks the same.
  if (entry->confirmed != 0) entry->confirmed = std::max(entry->confirmed, tick_of(now() - asked_at));
}

template <typename Found>
void FlashCache::take_note(std::uint64_t hash, const Result<std::optional<Found>>& answer, milliseconds asked_at) {
  if (answer) return take_note(hash, *answer ? info_of(**answer) : nullptr, asked_at);
  ErrorCode code = answer.error().code;
  if (code == ErrorCode::no_such_bucket || code == ErrorCode::no_such_key) drop(hash, DropReason::changed);
}

void FlashCache::count_hit(const FlashEntry& entry) {
  ++stats_.hits;
  stats_.bytes_read += entry.bytes();
  if (FlashEntry* present = find_same(entry)) present->was_hit = 1;
}

Task<Result<std::optional<storage::PinnedBytes>>> FlashCache::read_part(FlashEntry entry, Part part) {
  FlashLog::Segment segment(entry.segment);
  std::uint32_t units = entry.units;
  if (part == Part::whole) co_return co_await log_.read(segment, entry.position, units);
  auto units_for = [units](std::uint64_t bytes) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(units, bytes_to_units(bytes)));
  };
  auto bytes = co_await log_.read(segment, entry.position, units_for(head_bytes_mostly));
  if (!bytes || !*bytes) co_return bytes;
  Result<storage::RecordHeader> header = storage::parse_header((*bytes)->bytes);
  if (!header || header->head_bytes() <= (*bytes)->bytes.size()) co_return bytes;
  co_return co_await log_.read(segment, entry.position, units_for(header->head_bytes()));
}

Task<std::optional<Object>> FlashCache::read_copy(ObjectKey key, FlashEntry entry, Part part) {
  auto bytes = co_await read_part(entry, part);
  if (!bytes && bytes.error().code == ErrorCode::io_error) switch_off(bytes.error());
  if (bytes && !*bytes) co_return std::nullopt;
  // Revoked while it was read, or written elsewhere.
  if (find_same(entry) == nullptr) co_return std::nullopt;
  Result<Object> object = failure(ErrorCode::internal, "not read");
  if (!bytes) {
    object = failure(std::move(bytes).error());
  } else {
    storage::RecordPlace place = log_.place_of(FlashLog::Segment(entry.segment), entry.position);
    object = part == Part::whole ? read_object_record(**bytes, place, key, entry.state)
                                 : read_description((*bytes)->bytes, entry.bytes(), place, key, entry.state);
  }
  if (object) co_return *std::move(object);
  if (object.error().code == ErrorCode::corrupt || object.error().code == ErrorCode::not_supported) {
    if (auto lines = damage_lines_.due(clock_.monotonic())) {
      spdlog::warn("flash damaged bucket={} key={} reason={} times={}", log_value(key.bucket), log_value(key.name),
                   log_value(object.error().message), *lines);
    }
    drop(entry.hash, DropReason::damaged);
  }
  co_return std::nullopt;
}

Task<Result<std::optional<Object>>> FlashCache::get(ObjectKey key) {
  std::uint64_t hash = ObjectKeyView(key).hash;
  if (const FlashEntry* found = index_.find(hash)) {
    FlashEntry entry = *found;
    std::optional<Object> copy = co_await read_copy(key, entry, Part::whole);
    if (copy) {
      entry = *find_same(entry);
      std::optional<milliseconds> age = age_of(entry);
      if (!age || *age >= options_.age_limits(key.bucket).max_age) {
        co_return co_await compare(std::move(key), entry, *std::move(copy));
      }
      count_hit(entry);
      copy->age = *age;
      co_return copy;
    }
  }
  ++stats_.misses;
  milliseconds asked_at = now();
  Result<std::optional<Object>> read = co_await below_.store.get(std::move(key));
  take_note(hash, read, asked_at);
  co_return read;
}

Task<Result<std::optional<Object>>> FlashCache::compare(ObjectKey key, FlashEntry entry, Object copy) {
  AgeLimits limits = options_.age_limits(key.bucket);
  milliseconds asked_at = now();
  std::uint64_t doubts_before = doubts_;
  auto present = co_await below_.comparing.get_unless(std::move(key), copy.info);
  if (!present) {
    take_note(entry.hash, present, asked_at);
    std::optional<milliseconds> age = age_of(entry);
    bool may_be_stale = is_unavailable(present.error().code) && age && *age - limits.max_age < limits.stale_max;
    if (!may_be_stale) co_return present;
    ++stats_.stale;
    count_hit(entry);
    copy.age = *age;
    co_return std::optional<Object>(std::move(copy));
  }
  bool is_unchanged = *present && (*present)->info == copy.info;
  FlashEntry* compared = find_same(entry);
  if (!is_unchanged) {
    if (compared != nullptr) drop(entry.hash, DropReason::changed);
    ++stats_.misses;
    co_return present;
  }
  // If somebody had doubts meanwhile, which may have been about this, it is compared again the next time.
  bool is_renewed = compared != nullptr && doubts_ == doubts_before;
  if (is_renewed) compared->confirmed = std::max(compared->confirmed, tick_of(now() - asked_at));
  ++stats_.confirmed;
  count_hit(entry);
  co_return std::optional<Object>(std::move(copy));
}

Task<Result<std::optional<Object>>> FlashCache::get_unless(ObjectKey key, ObjectInfoPtr known) {
  std::uint64_t hash = ObjectKeyView(key).hash;
  milliseconds asked_at = now();
  auto present = co_await below_.comparing.get_unless(std::move(key), std::move(known));
  take_note(hash, present, asked_at);
  co_return present;
}

Task<Result<std::optional<ObjectInfoPtr>>> FlashCache::stat(ObjectKey key) {
  std::uint64_t hash = ObjectKeyView(key).hash;
  milliseconds asked_at = now();
  auto present = co_await below_.store.stat(std::move(key));
  take_note(hash, present, asked_at);
  co_return present;
}

Task<std::optional<Object>> FlashCache::describe_copy(ObjectKey key, milliseconds age_max) {
  const FlashEntry* found = index_.find(ObjectKeyView(key).hash);
  auto is_younger = [&](const FlashEntry& entry) {
    std::optional<milliseconds> age = age_of(entry);
    return age && *age < age_max;
  };
  if (found == nullptr || !is_younger(*found)) co_return std::nullopt;
  FlashEntry entry = *found;
  std::optional<Object> copy = co_await read_copy(std::move(key), entry, Part::info);
  if (!copy) co_return std::nullopt;
  entry = *find_same(entry);
  if (!is_younger(entry)) co_return std::nullopt;  // somebody has had doubts meanwhile
  copy->age = *age_of(entry);
  ++stats_.described;
  co_return copy;
}

Task<Result<std::optional<Object>>> FlashCache::describe(ObjectKey key) {
  AgeLimits limits = options_.age_limits(key.bucket);
  std::optional<Object> copy = co_await describe_copy(key, limits.max_age);
  if (copy) co_return copy;
  Result<std::optional<ObjectInfoPtr>> present = co_await stat(key);
  if (!present && is_unavailable(present.error().code) && limits.stale_max.count() > 0) {
    copy = co_await describe_copy(std::move(key), limits.max_age + limits.stale_max);
    if (copy) {
      ++stats_.stale;
      co_return copy;
    }
  }
  if (!present) co_return failure(std::move(present).error());
  std::optional<Object> object;
  if (*present) object.emplace().info = **std::move(present);
  co_return object;
}

void FlashCache::doubt(const ObjectKeyView& key) {
  ++doubts_;
  evicted_.cancel(key.hash);
  batch_.cancel(key.hash);
  if (FlashEntry* entry = index_.find(key.hash)) entry->confirmed = 0;
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
void FlashCache::bucket_changed() { trusted_since_ = tick_of(milliseconds(0)) + 1; }

Task<Result<void>> FlashCache::create_bucket(BucketInfo bucket) {
  Result<void> created = co_await below_.store.create_bucket(std::move(bucket));
  bucket_changed();
  co_return created;
}

Task<Result<void>> FlashCache::remove_bucket(std::string name) {
  Result<void> removed = co_await below_.store.remove_bucket(std::move(name));
  bucket_changed();
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
