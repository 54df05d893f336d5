#include "shoal/rados/bucket_table.h"

namespace shoal::rados {

std::optional<BucketRecord> BucketTable::find(const std::string& name, MonotonicTime now) {
  std::lock_guard lock(mutex_);
  auto found = buckets_.find(name);
  if (found == buckets_.end() || found->second.until <= now) return std::nullopt;
  return found->second.bucket;
}

void BucketTable::remember(const BucketRecord& bucket, MonotonicTime until) {
  std::lock_guard lock(mutex_);
  if (buckets_.size() >= buckets_max) buckets_.clear();
  buckets_.insert_or_assign(bucket.info.name, Known{bucket, until});
}

void BucketTable::forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  buckets_.erase(name);
}

}  // namespace shoal::rados
