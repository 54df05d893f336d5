#include "shoal/cache/coherent_cache.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "shoal/base/spawn.h"

namespace shoal::cache {
namespace {

using Mode = Coherence::Mode;

/// Whether two infos are of the same bytes with the same things attached. Tags change without a trace in the others.
bool is_same(const ObjectInfoPtr& cached, const std::optional<ObjectInfoPtr>& present) {
  if (cached == nullptr || !present) return cached == nullptr && !present;
  const ObjectInfo& now = **present;
  return cached->etag == now.etag && cached->last_modified == now.last_modified && cached->size == now.size &&
         cached->tags == now.tags;
}

/// Whether the store below could not be asked, and so may have what is cached.
bool is_unavailable(ErrorCode code) {
  return code == ErrorCode::closed || code == ErrorCode::timed_out || code == ErrorCode::overloaded ||
         code == ErrorCode::io_error;
}

}  // namespace

CoherentCache::CoherentCache(MemoryCache& cache, ObjectStore& below, CoherenceRules rules)
    : cache_(cache), below_(below), rules_(std::move(rules)) {}

Task<void> CoherentCache::close() {
  while (!questions_.empty()) co_await answered_.wait();
}

bool CoherentCache::is_fresh(const ObjectKeyView& key, const Coherence& rule) {
  if (rule.mode != Mode::revalidate) return true;
  auto recalled = cache_.recall(key);
  return !recalled || recalled->age < rule.max_age;
}

Task<Result<void>> CoherentCache::refresh(ObjectKey key) {
  if (rules_.of(key.bucket).mode == Mode::immutable || !cache_.recall(key)) co_return Result<void>();
  co_return co_await ask(std::move(key));
}

Task<Result<void>> CoherentCache::make_fresh(ObjectKey key) {
  const Coherence& rule = rules_.of(key.bucket);
  if (is_fresh(key, rule)) co_return Result<void>();
  Result<void> asked = co_await ask(key);
  if (asked || !is_unavailable(asked.error().code)) co_return asked;
  auto recalled = cache_.recall(key);
  bool may_be_stale = recalled && recalled->info != nullptr && recalled->age < rule.max_age + rule.serve_stale;
  if (!may_be_stale) co_return asked;
  ++stats_.stale;
  co_return Result<void>();
}

Task<Result<void>> CoherentCache::ask(ObjectKey key) {
  std::shared_ptr<Question>& known = questions_[key];
  bool is_new = known == nullptr;
  if (is_new) known = std::make_shared<Question>();
  std::shared_ptr<Question> question = known;
  if (is_new) {
    // On its own, so that the first reader may give up without the others losing anything.
    auto executor = co_await boost::asio::this_coro::executor;
    spawn(executor, ask_below(std::move(key), question));
  }
  if (!question->done && !co_await question->waiters.wait()) {
    co_return failure(ErrorCode::cancelled, "gave up waiting for the store below");
  }
  co_return question->answer;
}

/// What was cached when the question was put is confirmed or disproved, not what may have come in since.
Task<void> CoherentCache::ask_below(ObjectKey key, std::shared_ptr<Question> question) {
  if (auto recalled = cache_.recall(key)) {
    Result<std::optional<ObjectInfoPtr>> present = co_await below_.stat(key);
    if (!present) {
      ++stats_.failed;
      if (!is_unavailable(present.error().code)) cache_.disprove(key, recalled->info);
      question->answer = failure(std::move(present).error());
    } else if (is_same(recalled->info, *present)) {
      ++stats_.confirmed;
      cache_.confirm(key, recalled->info);
    } else {
      ++stats_.changed;
      cache_.disprove(key, recalled->info);
    }
  }
  question->done = true;
  questions_.erase(key);
  question->waiters.wake_all();
  if (questions_.empty()) answered_.wake_all();
}

// --- reading

std::optional<Object> CoherentCache::try_get(const ObjectKeyView& key) {
  if (!is_fresh(key, rules_.of(key.bucket))) return std::nullopt;
  return cache_.try_get(key);
}

ObjectInfoPtr CoherentCache::try_stat(const ObjectKeyView& key) {
  return is_fresh(key, rules_.of(key.bucket)) ? cache_.try_stat(key) : nullptr;
}

bool CoherentCache::is_known_missing(const ObjectKeyView& key) {
  const Coherence& rule = rules_.of(key.bucket);
  // Of what is not cached the store below would have to know by itself, and it does not when others write to it.
  bool is_cached = rule.mode != Mode::revalidate || cache_.recall(key).has_value();
  return is_cached && is_fresh(key, rule) && cache_.is_known_missing(key);
}

Task<Result<std::optional<Object>>> CoherentCache::get(ObjectKey key) {
  CO_TRY(co_await make_fresh(key));
  co_return co_await cache_.get(std::move(key));
}

Task<Result<std::optional<ObjectInfoPtr>>> CoherentCache::stat(ObjectKey key) {
  CO_TRY(co_await make_fresh(key));
  co_return co_await cache_.stat(std::move(key));
}

// --- all else is the cache's

Task<Result<void>> CoherentCache::create_bucket(BucketInfo bucket) { return cache_.create_bucket(std::move(bucket)); }
Task<Result<std::optional<BucketInfo>>> CoherentCache::stat_bucket(std::string name) {
  return cache_.stat_bucket(std::move(name));
}
Task<Result<void>> CoherentCache::update_bucket(BucketInfo bucket) { return cache_.update_bucket(std::move(bucket)); }
Task<Result<void>> CoherentCache::remove_bucket(std::string name) { return cache_.remove_bucket(std::move(name)); }
Task<Result<std::vector<BucketInfo>>> CoherentCache::list_buckets() { return cache_.list_buckets(); }
Task<Result<ObjectInfoPtr>> CoherentCache::put(ObjectKey key, ObjectInfo info, Body body, WriteCondition condition) {
  return cache_.put(std::move(key), std::move(info), std::move(body), std::move(condition));
}
Task<Result<std::unique_ptr<ObjectWriter>>> CoherentCache::begin_put(ObjectKey key) {
  return cache_.begin_put(std::move(key));
}
Task<Result<bool>> CoherentCache::remove(ObjectKey key, WriteCondition condition) {
  return cache_.remove(std::move(key), std::move(condition));
}
Task<Result<ObjectInfoPtr>> CoherentCache::update_info(ObjectKey key, ObjectInfo info) {
  return cache_.update_info(std::move(key), std::move(info));
}
Task<Result<ListPage>> CoherentCache::list(ListRequest request) { return cache_.list(std::move(request)); }
Task<Result<std::string>> CoherentCache::create_upload(ObjectKey key, ObjectInfo info) {
  return cache_.create_upload(std::move(key), std::move(info));
}
Task<Result<UploadInfo>> CoherentCache::stat_upload(UploadKey upload) { return cache_.stat_upload(std::move(upload)); }
Task<Result<PartInfo>> CoherentCache::put_part(UploadKey upload, PartInfo part, Body body) {
  return cache_.put_part(std::move(upload), std::move(part), std::move(body));
}
Task<Result<std::unique_ptr<ObjectWriter>>> CoherentCache::begin_part(UploadKey upload, std::uint32_t part_number) {
  return cache_.begin_part(std::move(upload), part_number);
}
Task<Result<std::vector<PartInfo>>> CoherentCache::list_parts(UploadKey upload) {
  return cache_.list_parts(std::move(upload));
}
Task<Result<ObjectInfoPtr>> CoherentCache::complete_upload(UploadKey upload, ObjectInfo info,
                                                           WriteCondition condition) {
  return cache_.complete_upload(std::move(upload), std::move(info), std::move(condition));
}
Task<Result<void>> CoherentCache::abort_upload(UploadKey upload) { return cache_.abort_upload(std::move(upload)); }
Task<Result<std::vector<UploadInfo>>> CoherentCache::list_uploads(std::string bucket, std::string prefix) {
  return cache_.list_uploads(std::move(bucket), std::move(prefix));
}

}  // namespace shoal::cache
