#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "shoal/base/clock.h"
#include "shoal/rados/bucket_record.h"

namespace shoal::rados {

/// The buckets that were seen not long ago, for all loops of a process: what one of them makes or removes, all know at
/// once. Any thread.
class BucketTable {
 public:
  std::optional<BucketRecord> find(const std::string& name, MonotonicTime now);
  void remember(const BucketRecord& bucket, MonotonicTime until);
  void forget(const std::string& name);

 private:
  struct Known {
    BucketRecord bucket;
    MonotonicTime until;
  };
  static constexpr std::size_t buckets_max = 1'024;

  std::mutex mutex_;
  std::map<std::string, Known> buckets_;  // guarded by mutex_
};

}  // namespace shoal::rados
