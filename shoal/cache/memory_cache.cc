#include "shoal/cache/memory_cache.h"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "shoal/base/spawn.h"
#include "shoal/cache/glance.h"
#include "shoal/cache/piece_reader.h"
#include "shoal/cache/write_guard.h"
#include "shoal/model/same_object.h"

namespace shoal::cache {
MemoryCache::MemoryCache(ObjectStore& store, const Clock& clock, MemoryAccount& account, MemoryCacheOptions options,
                         PassThrough* pass_through)
    : store_(store),
      pass_through_(pass_through),
      clock_(clock),
      options_(std::move(options)),
      made_at_(clock.monotonic()),
      contents_(account, options_.capacity, options_.policy, options_.buckets, options_.is_shard, options_.body_memory),
      unsettled_(options_.unsettled_time) {}

MemoryCache::~MemoryCache() = default;

Task<void> MemoryCache::close() {
  closed_ = true;
  while (in_flight_.reads_running() > 0 || refills_running_ > 0) co_await landed_.wait();
}

std::uint32_t MemoryCache::now_ms() const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - made_at_).count());
}

// --- reading

MemoryCache::LookUp MemoryCache::look_up(const ObjectKeyView& key) {
  Entry* entry = contents_.find(key);
  if (entry == nullptr || entry->revoked || entry->awaited) return {Found::nothing, nullptr};
  if (!entry->is_missing_key()) return {Found::object, entry};
  // The clock of entries wraps after 49 days: differences of it are right.
  bool expired = static_cast<std::int32_t>(now_ms() - entry->in_use_or_expiry) >= 0;
  return {expired ? Found::nothing : Found::missing_key, entry};
}

Object MemoryCache::hit(Entry& entry) {
  ++stats_.requests;
  ++stats_.hits;
  return Object{entry.info.share(), contents_.use(entry), nullptr};
}

std::optional<Object> MemoryCache::try_get(const ObjectKeyView& key) {
  auto [found, entry] = look_up(key);
  if (found != Found::object) return std::nullopt;
  return hit(*entry);
}

ObjectInfoPtr MemoryCache::try_stat(const ObjectKeyView& key) {
  auto [found, entry] = look_up(key);
  if (found != Found::object) return nullptr;
  ++stats_.stat_hits;
  return entry->info.share();
}

bool MemoryCache::is_known_missing(const ObjectKeyView& key) {
  auto [found, entry] = look_up(key);
  if (found == Found::object) return false;
  if (found == Found::missing_key) {
    contents_.use(*entry);
  } else if (!is_known_missing_below(key)) {
    return false;
  }
  ++stats_.requests;
  ++stats_.hits;
  ++stats_.negative_hits;
  return true;
}

Task<Result<std::optional<Object>>> MemoryCache::get(ObjectKey key) {
  auto [found, entry] = look_up(key);
  if (found == Found::object) co_return std::optional<Object>(hit(*entry));
  if (found == Found::missing_key) {
    ++stats_.requests;
    ++stats_.hits;
    ++stats_.negative_hits;
    contents_.use(*entry);
    co_return std::optional<Object>();
  }
  if (closed_) co_return failure(ErrorCode::closed, "the memory cache is closing");

  Awaited read = co_await read_shared(std::move(key), Until::shown);
  if (read.gave_up) co_return failure(ErrorCode::cancelled, "gave up waiting for a read of the store below");
  if (read.shared) ++stats_.shared;
  if (!read.flight->done) {
    ++read.flight->early_readers;  // what kind of a miss it is turns out at the end
    co_return read.flight->arriving;
  }
  count_misses(*read.flight, 1);
  co_return read.flight->result;
}

Task<MemoryCache::Awaited> MemoryCache::read_shared(ObjectKey key, Until until) {
  Awaited read{in_flight_.joinable(key), true, false};
  if (read.flight == nullptr) {
    read.shared = false;
    read.flight = in_flight_.begin_read(key);
    // On its own, so that the first reader may give up without the others losing anything.
    auto executor = co_await boost::asio::this_coro::executor;
    spawn(executor, fill(std::move(key), read.flight));
  }
  auto is_over = [&] { return read.flight->done || (until == Until::shown && read.flight->arriving); };
  while (!is_over() && !read.gave_up) read.gave_up = !co_await read.flight->waiters.wait();
  co_return read;
}

void MemoryCache::count_misses(const Flight& flight, std::uint32_t readers) {
  stats_.requests += readers;
  if (flight.undisturbed && !flight.bypass) {
    stats_.misses[static_cast<std::size_t>(flight.reason)] += readers;
  } else {
    stats_.bypasses += readers;
  }
}

Task<void> MemoryCache::fill(ObjectKey key, std::shared_ptr<Flight> flight) {
  ++stats_.fills;
  Result<std::optional<Object>> read = co_await store_.get(key);
  std::shared_ptr<ArrivingBody> arriving;
  if (read && *read && (*read)->reader != nullptr && is_small(**read)) {
    if (auto reader = arriving_reader(**read)) arriving = show(key, *flight, (*read)->info, std::move(reader));
  }
  read = co_await with_body(std::move(read));
  bool cacheable = in_flight_.end_read(key, flight);
  land(key, *flight, std::move(read), cacheable);
  flight->done = true;
  flight->arriving.reset();
  flight->waiters.wake_all();
  if (arriving != nullptr) finish(*arriving, *flight);
  if (in_flight_.reads_running() == 0) landed_.wake_all();
}

std::shared_ptr<ArrivingBody> MemoryCache::show(const ObjectKey& key, Flight& flight, const ObjectInfoPtr& info,
                                                std::shared_ptr<ArrivingReader> arriving) {
  auto body = std::make_shared<ArrivingBody>(std::move(arriving), info->size);
  flight.arriving = Object{info, Body(), body};
  in_flight_.show(key, flight);
  flight.waiters.wake_all();
  return body;
}

void MemoryCache::finish(ArrivingBody& arriving, const Flight& flight) {
  count_misses(flight, flight.early_readers);
  if (flight.result) {
    arriving.finish((*flight.result)->body);
  } else {
    arriving.finish(failure(flight.result.error()));
  }
}

Task<Result<std::optional<Object>>> MemoryCache::with_body(Result<std::optional<Object>> read) {
  if (!read || !*read || (*read)->reader == nullptr) co_return read;
  Object& object = **read;
  if (is_small(object)) {
    CO_TRY_ASSIGN(object.body, co_await object.reader->read(0, object.info->size));
    object.reader = nullptr;
  }
  co_return read;
}

/// What a read brought: into the cache if it may, and to those who wait.
void MemoryCache::land(const ObjectKey& key, Flight& flight, Result<std::optional<Object>> read, bool cacheable) {
  ObjectKeyView view(key);
  changes_.change(view.hash);
  flight.result = std::move(read);
  if (!flight.result) {
    flight.reason = MissReason::failed;
    return;
  }
  std::optional<Object>& object = *flight.result;
  Entry* entry = contents_.find(view);
  bool restarted = entry != nullptr && entry->awaited;
  flight.bypass = contents_.rule_of(key.bucket).bypass;
  bool comes_whole = object && object->reader == nullptr;
  std::uint64_t whole_max = std::max(options_.object_bytes_max, comes_whole ? options_.whole_bytes_max : 0);
  if (object && object->info->size > whole_max) {
    flight.reason = MissReason::too_large;
    if (restarted) contents_.erase(*entry);  // it was small
    if (object->reader != nullptr && options_.piece_bytes > 0 && !flight.bypass) {
      auto large_read = cacheable ? large_reads_.begin(view.hash) : nullptr;
      object->reader =
          std::make_shared<PieceReader>(this, key, object->info, std::move(object->reader), std::move(large_read));
    }
    return;
  }
  if (flight.bypass) return;
  if (!cacheable) {
    flight.reason = MissReason::changed;
    return;
  }
  bool expired = entry != nullptr && entry->is_missing_key();
  bool older = object && entry != nullptr && entry->info && entry->info->version > object->info->version;
  if (older) {
    flight.reason = MissReason::changed;
    return;
  }
  if (!object && options_.missing_key_lifetime.count() == 0) {
    if (restarted) contents_.erase(*entry);
    return;
  }

  auto installed = object ? install(view, object->info, object->body) : install(view, nullptr, {});
  if (installed.entry == nullptr) {
    flight.reason = installed.admission == Admission::refused_too_large ? MissReason::too_large : MissReason::refused;
    return;
  }
  if (restarted) ++stats_.refilled;
  flight.reason = expired                                  ? MissReason::expired
                  : restarted                              ? MissReason::restarted
                  : installed.admission == Admission::cold ? MissReason::cold
                                                           : MissReason::evicted;
  if (object) {
    installed.entry->since_ms -= static_cast<std::uint32_t>(object->age.count());
    // The copy that is charged; the other one goes with `read`.
    object->info = installed.entry->info.share();
    object->body = contents_.body_of(*installed.entry);
  } else {
    installed.entry->in_use_or_expiry = now_ms() + static_cast<std::uint32_t>(options_.missing_key_lifetime.count());
  }
}

Task<void> MemoryCache::write_below(ObjectKey key, Task<void> writing) {
  WriteGuard guard(this, std::move(key));  // which is not told of any success
  co_await std::move(writing);
}

// --- what others may have changed below

std::optional<MemoryCache::Recalled> MemoryCache::recall(const ObjectKeyView& key) {
  auto [found, entry] = look_up(key);
  if (found == Found::nothing) return std::nullopt;
  return Recalled{entry->info.share(), std::chrono::milliseconds(now_ms() - entry->since_ms), entry->doubted != 0};
}

bool MemoryCache::is_recalled(const LookUp& look_up, const ObjectInfoPtr& recalled) {
  if (look_up.found == Found::nothing) return false;
  if (look_up.found == Found::missing_key) return recalled == nullptr;
  return recalled != nullptr && look_up.entry->info->version == recalled->version;
}

void MemoryCache::confirm(const ObjectKeyView& key, const ObjectInfoPtr& recalled) {
  LookUp present = look_up(key);
  if (!is_recalled(present, recalled)) return;
  present.entry->since_ms = now_ms();
  present.entry->doubted = 0;
  if (recalled == nullptr) {
    present.entry->in_use_or_expiry = now_ms() + static_cast<std::uint32_t>(options_.missing_key_lifetime.count());
  }
}

void MemoryCache::doubt(const ObjectKey& key) {
  tell_listed(key);
  changes_.change(ObjectKeyView(key).hash);
  in_flight_.doubt(key);
  if (Entry* entry = contents_.find(ObjectKeyView(key))) entry->doubted = 1;
}

void MemoryCache::disprove(const ObjectKeyView& key, const ObjectInfoPtr& recalled) {
  changes_.change(key.hash);
  LookUp present = look_up(key);
  if (is_recalled(present, recalled)) contents_.erase(*present.entry);
}

Task<Result<bool>> MemoryCache::renew(ObjectKey key, ObjectInfoPtr recalled,
                                      Task<Result<std::optional<Object>>> reading) {
  std::shared_ptr<Flight> flight = in_flight_.begin_unshared_read(key);
  Result<std::optional<Object>> read = co_await std::move(reading);
  read = co_await with_body(std::move(read));
  bool cacheable = in_flight_.end_read(key, flight);
  Result<bool> is_unchanged = false;
  if (!read) {
    is_unchanged = failure(std::move(read).error());
  } else if (is_same_object(recalled, *read ? (*read)->info : nullptr)) {
    is_unchanged = true;
    confirm(key, recalled);
  } else {
    ++stats_.fills;
    disprove(key, recalled);
    land(key, *flight, std::move(read), cacheable);
  }
  if (in_flight_.reads_running() == 0) landed_.wake_all();
  co_return is_unchanged;
}

// --- what other loops answer

std::optional<Loan> MemoryCache::lend(const ObjectKeyView& key, std::chrono::milliseconds age_max) {
  bool is_forever = age_max == std::chrono::milliseconds::max();
  auto [found, entry] = look_up(key);
  if (found == Found::nothing) {
    if (!is_forever || !is_known_missing_below(key)) return std::nullopt;
    return changes_.lend(key.hash, MonotonicTime::max());
  }
  std::uint32_t now = now_ms();
  std::chrono::milliseconds age(now - entry->since_ms);
  if (entry->doubted != 0 || age >= age_max) return std::nullopt;
  if (found == Found::missing_key) {
    age_max = std::min(age_max, age + std::chrono::milliseconds(entry->in_use_or_expiry - now));
  } else if (is_forever) {
    return changes_.lend(key.hash, MonotonicTime::max());
  }
  return changes_.lend(key.hash, clock_.monotonic() + (age_max - age));
}

void MemoryCache::learn(const NearHits& hits) {
  for (std::uint64_t hash : hits.reads) contents_.note_hit(hash);
  stats_.requests += hits.reads.size();
  stats_.hits += hits.reads.size();
  stats_.negative_hits += hits.missing;
  stats_.stat_hits += hits.descriptions;
}

// --- what goes next

template <typename Visit>
void MemoryCache::show(const Entry& entry, Visit visit) const {
  bool is_served = (entry.info || entry.is_piece) && !entry.revoked && !entry.awaited && entry.doubted == 0;
  if (!is_served || contents_.is_retired(entry)) return;
  Body body = entry.body ? Body(entry.body) : Body();
  std::chrono::milliseconds age(now_ms() - entry.since_ms);
  EvictionCandidate candidate{{contents_.bucket_name(entry), entry.name()}, nullptr, body, age};
  if (entry.is_piece) {
    const auto& piece = static_cast<const PieceEntry&>(entry);
    candidate.piece = {piece.state, piece.piece};
  } else {
    candidate.info = entry.info.operator->();
  }
  visit(candidate);
}

void MemoryCache::preview_evictions(std::uint64_t bytes_of_list_max,
                                    FunctionRef<bool(const EvictionCandidate&)> visit) {
  contents_.visit_tails(bytes_of_list_max, previewed_max, [&](const Entry& entry) {
    bool goes_on = true;
    show(entry, [&](const EvictionCandidate& candidate) { goes_on = visit(candidate); });
    return goes_on;
  });
}

void MemoryCache::tell_evictions(std::function<void(const EvictionCandidate&)> tell) {
  if (tell == nullptr) return contents_.on_evict(nullptr);
  contents_.on_evict([this, tell = std::move(tell)](const Entry& entry) { show(entry, tell); });
}

// --- after a restart

void MemoryCache::restore(const SavedCache& saved) {
  contents_.set_now(now_ms());
  stats_.refill_expected = contents_.restore(saved) + saved.others.size();
  refill_first_ = saved.others;
}

Task<void> MemoryCache::refill(std::size_t at_once) {
  auto executor = co_await boost::asio::this_coro::executor;
  refills_running_ += at_once;
  for (std::size_t i = 0; i < at_once; ++i) spawn(executor, refill_some());
  while (refills_running_ > 0) co_await landed_.wait();
  stats_.refill_gone = stats_.refill_expected - stats_.refilled;
}

Task<void> MemoryCache::refill_some() {
  while (!closed_) {
    std::optional<SavedCache::Key> key;
    if (refill_first_.empty()) {
      key = contents_.next_awaited();
    } else {
      key = std::move(refill_first_.back());
      refill_first_.pop_back();
    }
    if (!key) break;
    co_await refill_one(*std::move(key));
  }
  --refills_running_;
  if (refills_running_ == 0) landed_.wake_all();
}

Task<void> MemoryCache::refill_one(SavedCache::Key key) {
  ObjectKey object_key{key.bucket, key.name};
  Awaited read = co_await read_shared(object_key, Until::done);
  const Result<std::optional<Object>>& result = read.flight->result;
  bool is_same_piece = key.piece != EntryKey::whole && !read.gave_up && result && *result &&
                       (*result)->reader != nullptr && (*result)->info->version == key.version;
  std::uint64_t offset = key.piece * options_.piece_bytes;
  if (is_same_piece && offset < (*result)->info->size) {
    std::shared_ptr<BodyReader> reader = (*result)->reader;
    Result<Body> piece = co_await reader->read(offset, 1);
    Entry* entry = contents_.find(key.entry_key());
    if (piece && entry != nullptr && !entry->awaited) ++stats_.refilled;
  }
  // What could not be read, is another version, or lost its place meanwhile.
  if (Entry* entry = contents_.find(key.entry_key()); entry != nullptr && entry->awaited) contents_.erase(*entry);
}

// --- for people

Explanation MemoryCache::explain(const ObjectKeyView& key) const {
  Explanation explanation;
  std::uint32_t now = now_ms();
  explanation.rule = contents_.rule_of(key.bucket);
  explanation.is_below_pin = contents_.pins().contain(key.bucket, key.name);
  explanation.writing = in_flight_.write_running(key.to_key());
  if (const Entry* entry = contents_.find(key)) {
    bool expired = entry->is_missing_key() && static_cast<std::int32_t>(now - entry->in_use_or_expiry) >= 0;
    explanation.state = entry->awaited            ? Explanation::State::awaited
                        : expired                 ? Explanation::State::expired
                        : entry->is_missing_key() ? Explanation::State::known_missing
                                                  : Explanation::State::in_memory;
    explanation.list = contents_.list_name(*entry);
    explanation.hits = entry->hits;
    explanation.bytes = entry->weight;
    explanation.age_ms = now - entry->since_ms;
    explanation.pinned = entry->pinned;
  }
  auto pieces = contents_.pieces_of(key);
  explanation.pieces = pieces.count;
  explanation.piece_bytes = pieces.bytes;
  explanation.piece_hits = pieces.hits;
  if (const Departure* departure = contents_.departures().latest(key.hash)) {
    explanation.departure = *departure;
    explanation.departed_ms_ago = now - departure->at_ms;
  }
  return explanation;
}

Task<Result<std::optional<ObjectInfoPtr>>> MemoryCache::stat(ObjectKey key) {
  auto [found, entry] = look_up(key);
  if (found != Found::nothing) {
    ++stats_.stat_hits;
    if (found == Found::missing_key) co_return std::optional<ObjectInfoPtr>();
    co_return std::optional<ObjectInfoPtr>(entry->info.share());
  }
  auto flight = in_flight_.joinable(key);
  if (flight != nullptr && flight->arriving) {
    ++stats_.stat_hits;
    co_return std::optional<ObjectInfoPtr>(flight->arriving->info);
  }
  ++stats_.stat_misses;
  Glance glance(this, key);
  Result<std::optional<ObjectInfoPtr>> info = co_await store_.stat(key);
  glance.end(info && !*info);
  co_return info;
}

Task<Result<std::optional<Object>>> MemoryCache::describe(ObjectKey key,
                                                          Task<Result<std::optional<Object>>> describing) {
  auto [found, entry] = look_up(key);
  if (found != Found::nothing) {
    ++stats_.stat_hits;
    std::optional<Object> object;
    if (found == Found::object) object.emplace().info = entry->info.share();
    co_return object;
  }
  ++stats_.stat_misses;
  Glance glance(this, key);
  Result<std::optional<Object>> object = co_await std::move(describing);
  glance.end(object && !*object);
  co_return object;
}

Task<Result<ListPage>> MemoryCache::list(ListRequest request) {
  Result<ListPage> page = co_await store_.list(std::move(request));
  in_flight_.observed_all();
  co_return page;
}

// --- writing

Task<Result<ObjectInfoPtr>> MemoryCache::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  WriteGuard guard(this, key);
  Body written = body;
  Result<ObjectInfoPtr> stored =
      co_await store_.put(std::move(key), std::move(info), std::move(body), std::move(condition));
  guard.finish_write(stored, &written);
  co_return stored;
}

Task<Result<std::unique_ptr<ObjectWriter>>> MemoryCache::begin_put(ObjectKey key) {
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await store_.begin_put(key));
  co_return std::make_unique<Writer>(this, std::move(key), std::move(writer));
}

Task<Result<std::unique_ptr<ObjectWriter>>> MemoryCache::begin_announced_put(AnnouncedObject object) {
  ObjectKey key = object.key;
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await pass_through_->begin_announced_put(std::move(object)));
  co_return std::make_unique<Writer>(this, std::move(key), std::move(writer));
}

Task<Result<std::unique_ptr<ObjectWriter>>> MemoryCache::begin_announced_part(AnnouncedPart part) {
  return pass_through_->begin_announced_part(std::move(part));
}

Task<Result<ObjectInfoPtr>> MemoryCache::copy(CopySource source, AnnouncedObject target) {
  WriteGuard guard(this, target.key);
  Result<ObjectInfoPtr> stored = co_await pass_through_->copy(std::move(source), std::move(target));
  guard.finish_write(stored, nullptr);
  co_return stored;
}

Task<Result<PartInfo>> MemoryCache::copy_part(CopySource source, AnnouncedPart target) {
  return pass_through_->copy_part(std::move(source), std::move(target));
}

Task<Result<bool>> MemoryCache::remove(ObjectKey key, WriteCondition condition) {
  WriteGuard guard(this, key);
  Result<bool> removed = co_await store_.remove(std::move(key), std::move(condition));
  guard.finish_remove(removed);
  co_return removed;
}

Task<Result<ObjectInfoPtr>> MemoryCache::update_info(ObjectKey key, ObjectInfo info) {
  WriteGuard guard(this, key);
  Result<ObjectInfoPtr> updated = co_await store_.update_info(std::move(key), std::move(info));
  guard.finish_update(updated);
  co_return updated;
}

Task<Result<ObjectInfoPtr>> MemoryCache::complete_upload(UploadKey upload, ObjectInfo info, WriteCondition condition) {
  WriteGuard guard(this, upload.key);
  Result<ObjectInfoPtr> completed =
      co_await store_.complete_upload(std::move(upload), std::move(info), std::move(condition));
  guard.finish_write(completed, nullptr);
  co_return completed;
}

// --- buckets

void MemoryCache::forget_bucket(const std::string& name) {
  if (options_.listed != nullptr) options_.listed->forget(name);
  changes_.change_all();
  contents_.retire_bucket(name);
  in_flight_.buckets_changed();
}

Task<Result<void>> MemoryCache::create_bucket(BucketInfo bucket) {
  std::string name = bucket.name;
  Result<void> created = co_await store_.create_bucket(std::move(bucket));
  forget_bucket(name);
  co_return created;
}

// Known to be missing are keys of the bucket that there was; afterwards it is the bucket that is missing.
Task<Result<void>> MemoryCache::remove_bucket(std::string name) {
  Result<void> removed = co_await store_.remove_bucket(name);
  if (removed || removed.error().code != ErrorCode::bucket_not_empty) forget_bucket(name);
  co_return removed;
}

// --- what is not cached

Task<Result<std::optional<BucketInfo>>> MemoryCache::stat_bucket(std::string name) {
  return store_.stat_bucket(std::move(name));
}
Task<Result<void>> MemoryCache::update_bucket(BucketInfo bucket) { return store_.update_bucket(std::move(bucket)); }
Task<Result<std::vector<BucketInfo>>> MemoryCache::list_buckets() { return store_.list_buckets(); }
Task<Result<std::string>> MemoryCache::create_upload(ObjectKey key, ObjectInfo info) {
  return store_.create_upload(std::move(key), std::move(info));
}
Task<Result<UploadInfo>> MemoryCache::stat_upload(UploadKey upload) { return store_.stat_upload(std::move(upload)); }
Task<Result<PartInfo>> MemoryCache::put_part(UploadKey upload, PartInfo part, Body body) {
  return store_.put_part(std::move(upload), std::move(part), std::move(body));
}
Task<Result<std::unique_ptr<ObjectWriter>>> MemoryCache::begin_part(UploadKey upload, std::uint32_t part_number) {
  return store_.begin_part(std::move(upload), part_number);
}
Task<Result<std::vector<PartInfo>>> MemoryCache::list_parts(UploadKey upload) {
  return store_.list_parts(std::move(upload));
}
Task<Result<void>> MemoryCache::abort_upload(UploadKey upload) { return store_.abort_upload(std::move(upload)); }
Task<Result<std::vector<UploadInfo>>> MemoryCache::list_uploads(std::string bucket, std::string prefix) {
  return store_.list_uploads(std::move(bucket), std::move(prefix));
}

}  // namespace shoal::cache
