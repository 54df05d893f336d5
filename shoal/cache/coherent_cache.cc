#include "shoal/cache/coherent_cache.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "shoal/base/spawn.h"
#include "shoal/model/same_object.h"

namespace shoal::cache {

using Mode = Coherence::Mode;

CoherentCache::CoherentCache(MemoryCache& cache, ConditionalReads& below, CoherenceRules rules,
                             listing::ListCache* lists, DescribedReads* copies)
    : cache_(cache), below_(below), rules_(std::move(rules)), lists_(lists), copies_(copies) {}

Task<void> CoherentCache::close() {
  while (is_asking()) co_await answered_.wait();
}

bool CoherentCache::is_always_fresh(const ObjectKeyView& key, const Coherence& rule) const {
  return rule.mode == Mode::immutable || (rule.mode == Mode::owned && !cache_.is_unsettled(key));
}

bool CoherentCache::is_fresh(const ObjectKeyView& key, const Coherence& rule) {
  if (is_always_fresh(key, rule)) return true;
  auto recalled = cache_.recall(key);
  return !recalled || (!recalled->is_doubted && recalled->age < rule.max_age);
}

Task<Result<CoherentCache::Freshness>> CoherentCache::make_fresh(ObjectKey key, Demand demand, Wanted wanted) {
  const Coherence& rule = rules_.of(key.bucket);
  bool insists = demand == Demand::confirmed && rule.mode != Mode::immutable;
  if (!insists && is_fresh(key, rule)) co_return Freshness::fresh;
  if (insists) below_.doubt(key);
  Result<Freshness> asked = co_await ask(key, wanted);
  if (asked || insists || !is_unavailable(asked.error().code)) co_return asked;
  auto recalled = cache_.recall(key);
  bool may_be_stale = recalled && recalled->info != nullptr && recalled->age < rule.max_age + rule.serve_stale;
  if (!may_be_stale) co_return asked;
  ++stats_.stale;
  co_return Freshness::stale;
}

Task<Result<CoherentCache::Freshness>> CoherentCache::ask(ObjectKey key, Wanted wanted) {
  std::shared_ptr<Question>& known = questions_of(wanted)[key];
  bool is_new = known == nullptr;
  if (is_new) known = std::make_shared<Question>();
  std::shared_ptr<Question> question = known;
  if (is_new) {
    // On its own, so that the first reader may give up without the others losing anything.
    auto executor = co_await boost::asio::this_coro::executor;
    spawn(executor, ask_below(std::move(key), wanted, question));
  }
  if (!question->done && !co_await question->waiters.wait()) {
    co_return failure(ErrorCode::cancelled, "gave up waiting for the store below");
  }
  co_return question->answer;
}

/// What was cached when the question was put is confirmed or disproved, not what may have come in since.
Task<void> CoherentCache::ask_below(ObjectKey key, Wanted wanted, std::shared_ptr<Question> question) {
  if (auto recalled = cache_.recall(key)) {
    Result<bool> unchanged = co_await is_unchanged(key, recalled->info, wanted);
    if (!unchanged) {
      ++stats_.failed;
      if (!is_unavailable(unchanged.error().code)) cache_.disprove(key, recalled->info);
      question->answer = failure(std::move(unchanged).error());
    } else {
      ++(*unchanged ? stats_.confirmed : stats_.changed);
      question->answer = *unchanged ? Freshness::confirmed : Freshness::changed;
    }
  }
  if (question->overtaken) cache_.doubt(key);
  question->done = true;
  questions_of(wanted).erase(key);
  question->waiters.wake_all();
  if (!is_asking()) answered_.wake_all();
}

void CoherentCache::doubt(const ObjectKey& key) {
  if (rules_.of(key.bucket).mode != Mode::revalidate) return;
  ++stats_.doubted;
  for (Questions& questions : questions_) {
    auto asked = questions.find(key);
    if (asked != questions.end()) asked->second->overtaken = true;
  }
  below_.doubt(key);
  cache_.doubt(key);
}

Task<Result<bool>> CoherentCache::is_unchanged(ObjectKey key, ObjectInfoPtr recalled, Wanted wanted) {
  if (wanted == Wanted::body) {
    auto reading = below_.get_unless(key, recalled);
    co_return co_await cache_.renew(std::move(key), std::move(recalled), std::move(reading));
  }
  CO_TRY_ASSIGN(std::optional<ObjectInfoPtr> present, co_await below_.stat(key));
  bool is_same = is_same_object(recalled, present.value_or(nullptr));
  if (is_same) {
    cache_.confirm(key, recalled);
  } else {
    cache_.disprove(key, recalled);
  }
  co_return is_same;
}

ReadSource CoherentCache::source_of(Freshness freshness) {
  switch (freshness) {
    case Freshness::fresh:
      return ReadSource::memory;
    case Freshness::confirmed:
      return ReadSource::confirmed;
    case Freshness::changed:
      return ReadSource::store;
    case Freshness::stale:
      return ReadSource::stale;
  }
  return ReadSource::store;
}

ReadSource CoherentCache::source_of(const Object& read_below, std::string_view bucket) const {
  if (!read_below.from_flash) return source_below(bucket);
  const Coherence& rule = rules_.of(bucket);
  bool is_stale = rule.mode == Mode::revalidate && read_below.age > rule.max_age;
  return is_stale ? ReadSource::stale : ReadSource::flash;
}

ReadSource CoherentCache::source_below(std::string_view bucket) const {
  return cache_.bypasses(bucket) ? ReadSource::bypass : ReadSource::store;
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

std::optional<Loan> CoherentCache::lend(const ObjectKeyView& key) {
  const Coherence& rule = rules_.of(key.bucket);
  return is_always_fresh(key, rule) ? cache_.lend(key) : cache_.lend(key, rule.max_age);
}

Task<Result<TracedRead>> CoherentCache::read(ObjectKey key, Demand demand) {
  CO_TRY_ASSIGN(Freshness freshness, co_await make_fresh(key, demand, Wanted::body));
  TracedRead read;
  read.object = cache_.try_get(key);
  if (read.object || cache_.is_known_missing(key)) {
    read.source = source_of(freshness);
    co_return read;
  }
  CO_TRY_ASSIGN(read.object, co_await cache_.get(key));
  read.source = read.object ? source_of(*read.object, key.bucket) : source_below(key.bucket);
  if (read.source == ReadSource::stale) ++stats_.stale;
  co_return read;
}

Task<Result<TracedRead>> CoherentCache::describe(ObjectKey key, Demand demand) {
  CO_TRY_ASSIGN(Freshness freshness, co_await make_fresh(key, demand, Wanted::info));
  TracedRead read;
  if (ObjectInfoPtr info = cache_.try_stat(key)) {
    read.object.emplace().info = std::move(info);
    read.source = source_of(freshness);
    co_return read;
  }
  if (copies_ != nullptr) {
    auto describing = copies_->describe(key);
    CO_TRY_ASSIGN(read.object, co_await cache_.describe(key, std::move(describing)));
  } else {
    CO_TRY_ASSIGN(std::optional<ObjectInfoPtr> info, co_await cache_.stat(key));
    if (info) read.object.emplace().info = *std::move(info);
  }
  read.source = read.object ? source_of(*read.object, key.bucket) : source_below(key.bucket);
  if (read.source == ReadSource::stale) ++stats_.stale;
  co_return read;
}

Task<Result<std::optional<Object>>> CoherentCache::get(ObjectKey key) {
  CO_TRY_ASSIGN(TracedRead found, co_await read(std::move(key), Demand::as_promised));
  co_return std::move(found.object);
}

Task<Result<std::optional<ObjectInfoPtr>>> CoherentCache::stat(ObjectKey key) {
  CO_TRY_ASSIGN(TracedRead found, co_await describe(std::move(key), Demand::as_promised));
  if (!found.object) co_return std::optional<ObjectInfoPtr>();
  co_return std::optional<ObjectInfoPtr>(std::move(found.object->info));
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
Task<Result<ListPage>> CoherentCache::list(ListRequest request) {
  return lists_ != nullptr ? lists_->list(std::move(request)) : cache_.list(std::move(request));
}
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
