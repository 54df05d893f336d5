#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/rados/bucket_record.h"
#include "shoal/rados/index_entry.h"
#include "shoal/rados/pending_write.h"
#include "shoal/rados/pool.h"

namespace shoal::rados {

/// What one read of a shard of the index brings.
struct ShardPage {
  struct Entry {
    std::string name;
    std::string encoded;  ///< decode_entry()
  };
  std::vector<Entry> entries;         ///< in order of their names
  bool more = false;                  ///< entries behind the last one
  std::vector<PendingWrite> pending;  ///< of the whole shard at the same time, if they were asked for
};

/// The index of a bucket: for listings, which names there are, and which writes are not finished. It is in the omaps of
/// some RADOS objects, its shards; a name is in the shard that its hash names. The heads decide what there is, and the
/// index follows them: of each name the entry of the largest version stays, whoever comes first.
///
/// An index can be closed, for the removal of its bucket: then no write can begin. conflict says that it is, and
/// no_such_bucket that it is gone. One loop.
class BucketIndex {
 public:
  /// Both outlive this.
  BucketIndex(Pool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

  Task<Result<void>> make(BucketRecord bucket);
  Task<Result<void>> erase(BucketRecord bucket);

  // A write.

  Task<Result<void>> begin(BucketRecord bucket, PendingWrite write);
  /// precondition_failed when `present` does not stand there any more: somebody took its writer for dead.
  Task<Result<void>> replace(BucketRecord bucket, PendingWrite present, PendingWrite write);
  /// The write came to nothing.
  Task<Result<void>> drop(BucketRecord bucket, PendingWrite write);
  /// The name has this head now. `is_done`: the write has nothing left to do.
  Task<Result<void>> finish(BucketRecord bucket, PendingWrite write, HeadRecord head, bool is_done);

  // Reading. `shard` is one of bucket.shard_count.

  Task<Result<std::vector<PendingWrite>>> pending_writes(BucketRecord bucket, std::uint32_t shard);
  /// Which entries of a shard are wanted: those whose names begin with `prefix` and are behind `after`, those of
  /// removed objects too.
  struct Range {
    std::string prefix;
    std::string after;
    std::uint64_t entries_max = 1'000;
    bool with_pending = false;
    bool only_removed = false;  ///< of removed objects only, which costs no more than there are of these
  };
  Task<Result<ShardPage>> entries(BucketRecord bucket, std::uint32_t shard, Range range);
  /// Forgets a removed object, if the entry is still this.
  Task<Result<void>> forget_removed(BucketRecord bucket, std::uint32_t shard, ShardPage::Entry entry);

  // Closing it.

  /// Returns a name for who closed it; conflict if somebody else has, not long ago.
  Task<Result<std::string>> close(BucketRecord bucket);
  Task<Result<void>> reopen(BucketRecord bucket, std::string closer);

 private:
  Task<Result<void>> set_state(std::string object, std::string present, std::string state);
  Task<Result<void>> close_one(std::string object, std::string closed);
  Task<Result<void>> explain_closed(std::string object);
  std::vector<std::string> objects_of(const BucketRecord& bucket) const;

  Pool& pool_;
  const Clock& clock_;
};

/// The attribute of the index and the uploads of a bucket that says whether it takes writes, and what it says then.
AttributeCheck is_open();

}  // namespace shoal::rados
