// What is done about writers who have ended in the middle.
#include <set>
#include <utility>

#include "shoal/rados/rados_origin.h"

namespace shoal::rados {
Task<Result<void>> RadosOrigin::sweep() {
  CO_TRY_ASSIGN(std::vector<BucketRemains> remains, co_await buckets_.list_remains());
  for (BucketRemains& one : remains) {
    if (clock_.wall() - one.since < options_.record_lifetime) continue;
    auto claimed = co_await buckets_.claim_remains(one);
    if (!claimed && claimed.error().code == ErrorCode::precondition_failed) continue;
    CO_TRY(std::move(claimed));
    CO_TRY(co_await purge(std::move(one.bucket)));
  }
  CO_TRY_ASSIGN(std::vector<BucketRecord> all, co_await buckets_.list());
  for (const BucketRecord& bucket : all) {
    for (std::uint32_t shard = 0; shard < bucket.shard_count && !is_sweep_ended_; ++shard) {
      auto swept = co_await sweep_shard(bucket, shard);
      if (!swept && swept.error().code == ErrorCode::no_such_bucket) break;
      CO_TRY(std::move(swept));
    }
    if (is_sweep_ended_) break;
    auto swept = co_await uploads_.sweep(bucket);
    if (!swept && swept.error().code != ErrorCode::no_such_bucket) co_return swept;
  }
  co_return Result<void>();
}

Task<Result<void>> RadosOrigin::sweep_shard(BucketRecord bucket, std::uint32_t shard) {
  CO_TRY_ASSIGN(std::vector<PendingWrite> pending, co_await index_.pending_writes(bucket, shard));
  for (PendingWrite& write : pending) {
    if (clock_.wall() - write.time < options_.record_lifetime) continue;
    CO_TRY(co_await resolve(bucket, std::move(write)));
  }
  std::string after;
  for (bool more = true; more && !is_sweep_ended_;) {
    BucketIndex::Range range;
    range.after = after;
    range.only_removed = true;
    CO_TRY_ASSIGN(ShardPage page, co_await index_.entries(bucket, shard, std::move(range)));
    more = page.more && !page.entries.empty();
    for (ShardPage::Entry& entry : page.entries) {
      after = entry.name;
      CO_TRY_ASSIGN(IndexEntry decoded, decode_entry(entry.encoded));
      if (clock_.wall() - decoded.info.last_modified < options_.record_lifetime) continue;
      // The head first: as long as the entry is there somebody knows that the head may be.
      CO_TRY(co_await heads_.erase(bucket.id, entry.name, decoded.info.version));
      CO_TRY(co_await index_.forget_removed(bucket, shard, std::move(entry)));
    }
  }
  co_return Result<void>();
}

/// Ends a write whose writer has ended.
Task<Result<void>> RadosOrigin::resolve(BucketRecord bucket, PendingWrite present) {
  PendingWrite write = present;
  write.time = clock_.wall();
  // From here on its writer, if he lives after all, finds that it is no longer his.
  auto taken = co_await index_.replace(bucket, std::move(present), write);
  if (!taken && taken.error().code == ErrorCode::precondition_failed) co_return Result<void>();
  CO_TRY(std::move(taken));
  CO_TRY_ASSIGN(std::optional<HeadRecord> head, co_await heads_.look(bucket.id, write.name));
  std::set<std::string> kept;
  if (head) {
    for (const Segment& segment : head->segments) kept.insert(segment.generation);
  }
  Segments unused;
  for (const Segment& segment : write.segments) {
    if (!kept.contains(segment.generation)) unused.push_back(segment);
  }
  CO_TRY(co_await stripes_.remove(bucket.id, std::move(unused)));
  if (!write.upload_id.empty()) {
    UploadKey upload{{bucket.info.name, write.name}, write.upload_id};
    if (head && head->upload_id == write.upload_id) {
      CO_TRY(co_await uploads_.erase(bucket, std::move(upload)));
    } else {
      CO_TRY(co_await uploads_.reopen(bucket, std::move(upload), write.id));
    }
  }
  if (!head) co_return co_await index_.drop(std::move(bucket), std::move(write));
  co_return co_await index_.finish(std::move(bucket), std::move(write), *std::move(head), true);
}

}  // namespace shoal::rados
