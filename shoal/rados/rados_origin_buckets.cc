// Buckets.
#include <utility>

#include "shoal/rados/listing.h"
#include "shoal/rados/object_names.h"
#include "shoal/rados/rados_origin.h"

namespace shoal::rados {
Task<Result<void>> RadosOrigin::create_bucket(BucketInfo info) {
  CO_TRY_ASSIGN(std::optional<BucketRecord> present, co_await buckets_.look(info.name));
  if (present) co_return failure(ErrorCode::bucket_exists, info.name);
  BucketRecord bucket{random_name(), options_.index_shards, std::move(info)};
  CO_TRY_ASSIGN(BucketRemains announced, co_await buckets_.announce(bucket));
  CO_TRY(co_await index_.make(bucket));
  auto added = co_await buckets_.add(std::move(announced));
  if (!added && added.error().code == ErrorCode::bucket_exists) {
    // Somebody else came first.
    CO_TRY(co_await index_.erase(bucket));
    CO_TRY(co_await buckets_.forget_remains(bucket.id));
  }
  co_return added;
}

Task<Result<std::optional<BucketInfo>>> RadosOrigin::stat_bucket(std::string name) {
  CO_TRY_ASSIGN(std::optional<BucketRecord> bucket, co_await buckets_.find(std::move(name)));
  if (!bucket) co_return std::optional<BucketInfo>();
  co_return std::optional<BucketInfo>(std::move(bucket->info));
}

Task<Result<void>> RadosOrigin::update_bucket(BucketInfo info) {
  for (;;) {
    CO_TRY_ASSIGN(std::optional<BucketRecord> present, co_await buckets_.look(info.name));
    if (!present) co_return failure(ErrorCode::no_such_bucket, info.name);
    BucketRecord bucket = *present;
    bucket.info.owner = info.owner;
    bucket.info.documents = info.documents;
    auto replaced = co_await buckets_.replace(*std::move(present), std::move(bucket));
    if (replaced || replaced.error().code != ErrorCode::precondition_failed) co_return replaced;
  }
}

Task<Result<std::vector<BucketInfo>>> RadosOrigin::list_buckets() {
  CO_TRY_ASSIGN(std::vector<BucketRecord> all, co_await buckets_.list());
  std::vector<BucketInfo> infos;
  for (BucketRecord& bucket : all) infos.push_back(std::move(bucket.info));
  co_return infos;
}

/// Whether there is neither an object nor a write that may still make one.
Task<Result<bool>> RadosOrigin::is_empty(BucketRecord bucket) {
  ListRequest request;
  request.bucket = bucket.info.name;
  request.items_max = 1;
  Listing listing(index_, heads_, bucket, std::move(request));
  CO_TRY_ASSIGN(ListPage page, co_await listing.run());
  if (!page.items.empty()) co_return false;
  for (std::uint32_t shard = 0; shard < bucket.shard_count; ++shard) {
    CO_TRY_ASSIGN(std::vector<PendingWrite> pending, co_await index_.pending_writes(bucket, shard));
    for (PendingWrite& write : pending) {
      if (clock_.wall() - write.time < options_.record_lifetime) co_return false;
      CO_TRY(co_await resolve(bucket, std::move(write)));
    }
  }
  co_return true;
}

Task<Result<void>> RadosOrigin::remove_bucket(std::string name) {
  CO_TRY_ASSIGN(std::optional<BucketRecord> bucket, co_await buckets_.look(name));
  if (!bucket) co_return failure(ErrorCode::no_such_bucket, name);
  CO_TRY_ASSIGN(bool empty, co_await is_empty(*bucket));
  if (!empty) co_return failure(ErrorCode::bucket_not_empty, name);
  // From here on no write begins; those that have begun are pending.
  CO_TRY_ASSIGN(std::string closer, co_await index_.close(*bucket));
  auto removed = co_await remove_closed(*bucket);
  if (!removed) {
    static_cast<void>(co_await index_.reopen(*bucket, std::move(closer)));
    co_return removed;
  }
  // Nobody finds it any more. What is left after an error is removed by the sweep.
  static_cast<void>(co_await purge(*std::move(bucket)));
  co_return removed;
}

Task<Result<void>> RadosOrigin::remove_closed(BucketRecord bucket) {
  CO_TRY_ASSIGN(bool empty, co_await is_empty(bucket));
  if (!empty) co_return failure(ErrorCode::bucket_not_empty, bucket.info.name);
  CO_TRY(co_await uploads_.abort_all(bucket));
  auto removed = co_await buckets_.remove(bucket);
  if (!removed && removed.error().code == ErrorCode::precondition_failed) {
    co_return failure(ErrorCode::conflict, "the bucket is being changed by somebody else");
  }
  co_return removed;
}

Task<Result<void>> RadosOrigin::purge(BucketRecord bucket) {
  auto aborted = co_await uploads_.abort_all(bucket);
  if (!aborted && aborted.error().code != ErrorCode::no_such_bucket) co_return aborted;
  for (std::uint32_t shard = 0; shard < bucket.shard_count; ++shard) {
    // All that is left are names of removed objects, whose heads say that.
    std::string after;
    for (bool more = true; more;) {
      BucketIndex::Range range;
      range.after = after;
      range.only_removed = true;
      auto page = co_await index_.entries(bucket, shard, std::move(range));
      if (!page && page.error().code == ErrorCode::no_such_bucket) break;
      if (!page) co_return failure(std::move(page).error());
      more = page->more && !page->entries.empty();
      for (const ShardPage::Entry& entry : page->entries) {
        CO_TRY_ASSIGN(IndexEntry decoded, decode_entry(entry.encoded));
        CO_TRY(co_await heads_.erase(bucket.id, entry.name, decoded.info.version));
        after = entry.name;
      }
    }
  }
  CO_TRY(co_await index_.erase(bucket));
  co_return co_await buckets_.forget_remains(bucket.id);
}

}  // namespace shoal::rados
