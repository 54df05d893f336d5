// Buckets: the copies of the table that each store has, and the way to the one place that changes them.
#include <utility>

#include "shoal/io/run_on.h"
#include "shoal/storage/bucket_directory.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {

Task<Result<void>> LogStore::create_bucket(BucketInfo bucket) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  auto create = [&] { return context_.buckets->create(std::move(bucket)); };
  co_return co_await io::run_on(context_.stores->front()->loop(), create);
}

Task<Result<void>> LogStore::update_bucket(BucketInfo bucket) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  auto update = [&] { return context_.buckets->update(std::move(bucket)); };
  co_return co_await io::run_on(context_.stores->front()->loop(), update);
}

Task<Result<void>> LogStore::remove_bucket(std::string name) {
  CO_TRY_ASSIGN(io::Gate::Pass pass, gate_.enter());
  auto remove_it = [&] { return context_.buckets->remove(std::move(name)); };
  co_return co_await io::run_on(context_.stores->front()->loop(), remove_it);
}

Task<Result<std::optional<BucketInfo>>> LogStore::stat_bucket(std::string name) {
  Result<const Bucket*> bucket = find_bucket(name);
  if (bucket) co_return std::optional<BucketInfo>((*bucket)->info);
  if (bucket.error().code == ErrorCode::no_such_bucket) co_return std::optional<BucketInfo>();
  co_return failure(std::move(bucket).error());
}

const BucketInfo* LogStore::try_stat_bucket(const std::string& name) {
  Result<const Bucket*> bucket = find_bucket(name);
  return bucket ? &(*bucket)->info : nullptr;
}

Task<Result<std::vector<BucketInfo>>> LogStore::list_buckets() {
  std::vector<BucketInfo> all;
  for (const auto& [name, bucket] : buckets_) {
    CO_TRY(find_bucket(name));
    all.push_back(bucket.info);
  }
  co_return all;
}

Task<bool> LogStore::freeze_bucket(std::string name) {
  buckets_.at(name).frozen = true;
  co_await writer_.drain();
  for (const auto& shard : shards_) {
    if (shard != nullptr && shard->has_any(name)) co_return false;
  }
  co_return true;
}

void LogStore::thaw_bucket(const std::string& name) {
  Bucket& bucket = buckets_.at(name);
  bucket.frozen = false;
  bucket.in_doubt = false;
  bucket.waiting.wake_all();
}

void LogStore::doubt_bucket(const std::string& name) {
  auto found = buckets_.find(name);
  if (found == buckets_.end()) return;  // one that was to be made
  found->second.in_doubt = true;
  found->second.frozen = false;
  found->second.waiting.wake_all();
}

void LogStore::install_bucket(BucketInfo info, Sequence sequence) {
  Bucket& bucket = buckets_[info.name];
  bucket.info = std::move(info);
  bucket.sequence = sequence;
}

void LogStore::erase_bucket(const std::string& name) {
  auto found = buckets_.find(name);
  found->second.waiting.wake_all();
  buckets_.erase(found);
  std::vector<std::string> ended;
  for (const auto& [id, own] : uploads_) {
    if (own.upload.info.key.bucket == name) ended.push_back(id);
  }
  for (const std::string& id : ended) end_upload(id, {});
}

Task<Result<Sequence>> LogStore::append_durably(Record record) {
  auto nothing = [](const Appended&) {};
  CO_TRY_ASSIGN(Appended appended, co_await append(std::move(record), nothing));
  if (context_.options->durability == Durability::periodic) {
    CO_TRY(co_await writer_.sync());
  }
  co_return appended.sequence;
}

}  // namespace shoal::storage
