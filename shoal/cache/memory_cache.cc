#include "shoal/cache/memory_cache.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "shoal/base/check.h"
#include "shoal/cache/piece_reader.h"
#include "shoal/cache/write_guard.h"

namespace shoal::cache {
namespace {

void stop_at_exception(std::exception_ptr exception) {
  CHECK_MSG(exception == nullptr, "an exception left a read of the store below");
}

}  // namespace

template <CachePolicy Policy>
MemoryCache<Policy>::MemoryCache(ObjectStore& store, const Clock& clock, MemoryAccount& account,
                                 MemoryCacheOptions options, typename Policy::Options policy)
    : store_(store),
      clock_(clock),
      account_(account),
      options_(options),
      made_at_(clock.monotonic()),
      contents_(account, options.capacity, policy) {}

template <CachePolicy Policy>
MemoryCache<Policy>::~MemoryCache() = default;

template <CachePolicy Policy>
Task<void> MemoryCache<Policy>::close() {
  closed_ = true;
  while (in_flight_.reads_running() > 0) co_await landed_.wait();
}

template <CachePolicy Policy>
std::uint32_t MemoryCache<Policy>::now_ms() const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - made_at_).count());
}

// --- reading

template <CachePolicy Policy>
typename MemoryCache<Policy>::LookUp MemoryCache<Policy>::look_up(const ObjectKeyView& key) {
  Entry* entry = contents_.find(key);
  if (entry == nullptr || entry->revoked) return {Found::nothing, nullptr};
  if (!entry->is_missing_key()) return {Found::object, entry};
  // The clock of entries wraps after 49 days: differences of it are right.
  bool expired = static_cast<std::int32_t>(now_ms() - entry->in_use_or_expiry) >= 0;
  return {expired ? Found::nothing : Found::missing_key, entry};
}

template <CachePolicy Policy>
Object MemoryCache<Policy>::hit(Entry& entry) {
  ++stats_.requests;
  ++stats_.hits;
  return Object{entry.info, contents_.use(entry), nullptr};
}

template <CachePolicy Policy>
std::optional<Object> MemoryCache<Policy>::try_get(const ObjectKeyView& key) {
  auto [found, entry] = look_up(key);
  if (found != Found::object) return std::nullopt;
  return hit(*entry);
}

template <CachePolicy Policy>
Task<Result<std::optional<Object>>> MemoryCache<Policy>::get(ObjectKey key) {
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

  std::shared_ptr<Flight> flight = in_flight_.joinable(key);
  bool shared = flight != nullptr;
  if (!shared) {
    flight = in_flight_.begin_read(key);
    // On its own, so that the first reader may give up without the others losing anything.
    auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::co_spawn(executor, fill(std::move(key), flight), stop_at_exception);
  }
  if (!flight->done) {
    bool woken = co_await flight->waiters.wait();
    if (!woken) co_return failure(ErrorCode::cancelled, "gave up waiting for a read of the store below");
  }
  count_miss(*flight);
  if (shared) ++stats_.shared;
  co_return flight->result;
}

template <CachePolicy Policy>
void MemoryCache<Policy>::count_miss(const Flight& flight) {
  ++stats_.requests;
  if (flight.undisturbed) {
    ++stats_.misses[static_cast<std::size_t>(flight.reason)];
  } else {
    ++stats_.bypasses;
  }
}

template <CachePolicy Policy>
Task<void> MemoryCache<Policy>::fill(ObjectKey key, std::shared_ptr<Flight> flight) {
  ++stats_.fills;
  Result<std::optional<Object>> read = co_await read_below(key);
  bool cacheable = in_flight_.end_read(key, flight);
  land(key, *flight, std::move(read), cacheable);
  flight->done = true;
  flight->waiters.wake_all();
  if (in_flight_.reads_running() == 0) landed_.wake_all();
}

/// Small objects with their body, whichever way it comes.
template <CachePolicy Policy>
Task<Result<std::optional<Object>>> MemoryCache<Policy>::read_below(ObjectKey key) {
  CO_TRY_ASSIGN(std::optional<Object> object, co_await store_.get(std::move(key)));
  if (object && object->reader != nullptr && object->info->size <= options_.object_bytes_max) {
    CO_TRY_ASSIGN(object->body, co_await object->reader->read(0, object->info->size));
    object->reader = nullptr;
  }
  co_return object;
}

/// What a read brought: into the cache if it may, and to those who wait.
template <CachePolicy Policy>
void MemoryCache<Policy>::land(const ObjectKey& key, Flight& flight, Result<std::optional<Object>> read,
                               bool cacheable) {
  ObjectKeyView view(key);
  flight.result = std::move(read);
  if (!flight.result) {
    flight.reason = MissReason::failed;
    return;
  }
  std::optional<Object>& object = *flight.result;
  if (object && object->info->size > options_.object_bytes_max) {
    flight.reason = MissReason::too_large;
    if (object->reader != nullptr && options_.piece_bytes > 0) {
      object->reader = std::make_shared<PieceReader>(this, key, object->info, std::move(object->reader));
    }
    return;
  }
  if (!cacheable) {
    flight.reason = MissReason::changed;
    return;
  }
  Entry* entry = contents_.find(view);
  bool expired = entry != nullptr && entry->is_missing_key();
  bool older = object && entry != nullptr && entry->info != nullptr && entry->info->version > object->info->version;
  if (older) {
    flight.reason = MissReason::changed;
    return;
  }
  if (!object && options_.missing_key_lifetime.count() == 0) return;

  auto installed = object ? contents_.install(view, object->info, object->body) : contents_.install(view, nullptr, {});
  if (installed.entry == nullptr) {
    flight.reason = installed.admission == Admission::refused_too_large ? MissReason::too_large : MissReason::refused;
    return;
  }
  flight.reason = expired                                  ? MissReason::expired
                  : installed.admission == Admission::cold ? MissReason::cold
                                                           : MissReason::evicted;
  if (object) {
    // The copy that is charged; the other one goes with `read`.
    object->info = installed.entry->info;
    object->body = contents_.body_of(*installed.entry);
  } else {
    installed.entry->in_use_or_expiry = now_ms() + static_cast<std::uint32_t>(options_.missing_key_lifetime.count());
  }
}

template <CachePolicy Policy>
Task<Result<std::optional<ObjectInfoPtr>>> MemoryCache<Policy>::stat(ObjectKey key) {
  auto [found, entry] = look_up(key);
  if (found != Found::nothing) {
    ++stats_.stat_hits;
    if (found == Found::missing_key) co_return std::optional<ObjectInfoPtr>();
    co_return std::optional<ObjectInfoPtr>(entry->info);
  }
  ++stats_.stat_misses;
  Result<std::optional<ObjectInfoPtr>> info = co_await store_.stat(key);
  in_flight_.observed(key);
  co_return info;
}

template <CachePolicy Policy>
Task<Result<ListPage>> MemoryCache<Policy>::list(ListRequest request) {
  Result<ListPage> page = co_await store_.list(std::move(request));
  in_flight_.observed_all();
  co_return page;
}

// --- writing

template <CachePolicy Policy>
Task<Result<ObjectInfoPtr>> MemoryCache<Policy>::put(ObjectKey key, ObjectInfo info, Body body,
                                                     WriteCondition condition) {
  WriteGuard guard(this, key);
  Body written = body;
  Result<ObjectInfoPtr> stored =
      co_await store_.put(std::move(key), std::move(info), std::move(body), std::move(condition));
  guard.finish_write(stored, &written);
  co_return stored;
}

template <CachePolicy Policy>
Task<Result<std::unique_ptr<ObjectWriter>>> MemoryCache<Policy>::begin_put(ObjectKey key) {
  CO_TRY_ASSIGN(std::unique_ptr<ObjectWriter> writer, co_await store_.begin_put(key));
  co_return std::make_unique<Writer>(this, std::move(key), std::move(writer));
}

template <CachePolicy Policy>
Task<Result<bool>> MemoryCache<Policy>::remove(ObjectKey key, WriteCondition condition) {
  WriteGuard guard(this, key);
  Result<bool> removed = co_await store_.remove(std::move(key), std::move(condition));
  guard.finish_remove(removed);
  co_return removed;
}

template <CachePolicy Policy>
Task<Result<ObjectInfoPtr>> MemoryCache<Policy>::update_info(ObjectKey key, ObjectInfo info) {
  WriteGuard guard(this, key);
  Result<ObjectInfoPtr> updated = co_await store_.update_info(std::move(key), std::move(info));
  guard.finish_update(updated);
  co_return updated;
}

template <CachePolicy Policy>
Task<Result<ObjectInfoPtr>> MemoryCache<Policy>::complete_upload(UploadKey upload, ObjectInfo info,
                                                                 WriteCondition condition) {
  WriteGuard guard(this, upload.key);
  Result<ObjectInfoPtr> completed =
      co_await store_.complete_upload(std::move(upload), std::move(info), std::move(condition));
  guard.finish_write(completed, nullptr);
  co_return completed;
}

// --- buckets

template <CachePolicy Policy>
void MemoryCache<Policy>::forget_bucket(const std::string& name) {
  contents_.retire_bucket(name);
  in_flight_.buckets_changed();
}

template <CachePolicy Policy>
Task<Result<void>> MemoryCache<Policy>::create_bucket(BucketInfo bucket) {
  std::string name = bucket.name;
  Result<void> created = co_await store_.create_bucket(std::move(bucket));
  forget_bucket(name);
  co_return created;
}

// Known to be missing are keys of the bucket that there was; afterwards it is the bucket that is missing.
template <CachePolicy Policy>
Task<Result<void>> MemoryCache<Policy>::remove_bucket(std::string name) {
  Result<void> removed = co_await store_.remove_bucket(name);
  if (removed || removed.error().code != ErrorCode::bucket_not_empty) forget_bucket(name);
  co_return removed;
}

// --- what is not cached

template <CachePolicy Policy>
Task<Result<std::optional<BucketInfo>>> MemoryCache<Policy>::stat_bucket(std::string name) {
  return store_.stat_bucket(std::move(name));
}
template <CachePolicy Policy>
Task<Result<void>> MemoryCache<Policy>::update_bucket(BucketInfo bucket) {
  return store_.update_bucket(std::move(bucket));
}
template <CachePolicy Policy>
Task<Result<std::vector<BucketInfo>>> MemoryCache<Policy>::list_buckets() {
  return store_.list_buckets();
}
template <CachePolicy Policy>
Task<Result<std::string>> MemoryCache<Policy>::create_upload(ObjectKey key, ObjectInfo info) {
  return store_.create_upload(std::move(key), std::move(info));
}
template <CachePolicy Policy>
Task<Result<UploadInfo>> MemoryCache<Policy>::stat_upload(UploadKey upload) {
  return store_.stat_upload(std::move(upload));
}
template <CachePolicy Policy>
Task<Result<PartInfo>> MemoryCache<Policy>::put_part(UploadKey upload, PartInfo part, Body body) {
  return store_.put_part(std::move(upload), std::move(part), std::move(body));
}
template <CachePolicy Policy>
Task<Result<std::unique_ptr<ObjectWriter>>> MemoryCache<Policy>::begin_part(UploadKey upload,
                                                                            std::uint32_t part_number) {
  return store_.begin_part(std::move(upload), part_number);
}
template <CachePolicy Policy>
Task<Result<std::vector<PartInfo>>> MemoryCache<Policy>::list_parts(UploadKey upload) {
  return store_.list_parts(std::move(upload));
}
template <CachePolicy Policy>
Task<Result<void>> MemoryCache<Policy>::abort_upload(UploadKey upload) {
  return store_.abort_upload(std::move(upload));
}
template <CachePolicy Policy>
Task<Result<std::vector<UploadInfo>>> MemoryCache<Policy>::list_uploads(std::string bucket, std::string prefix) {
  return store_.list_uploads(std::move(bucket), std::move(prefix));
}

template class MemoryCache<ArcPolicy>;
template class MemoryCache<DuelPolicy>;

}  // namespace shoal::cache
