#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/rados/bucket_record.h"
#include "shoal/rados/bucket_table.h"
#include "shoal/rados/pool.h"
#include "shoal/rados/rados_options.h"

namespace shoal::rados {

/// A bucket that is being made or removed: RADOS objects of it may be there, and none may stay.
struct BucketRemains {
  BucketRecord bucket;
  WallTime since{};
};

/// The root object: which buckets there are. One loop.
class Buckets {
 public:
  /// All outlive this.
  Buckets(Pool& pool, BucketTable& table, const Clock& clock, const RadosOptions& options)
      : pool_(pool), table_(table), clock_(clock), options_(options) {}

  /// What is remembered, if that is not too old, else what there is.
  Task<Result<std::optional<BucketRecord>>> find(std::string name);
  /// What there is.
  Task<Result<std::optional<BucketRecord>>> look(std::string name);
  /// no_such_bucket if find() finds none.
  Task<Result<BucketRecord>> require(std::string name);
  /// What is remembered turned out to be wrong.
  void forget(const std::string& name) { table_.forget(name); }
  /// In order of their names.
  Task<Result<std::vector<BucketRecord>>> list();

  /// Before the first RADOS object of a new bucket is made: the sweep finds it when nothing comes of it.
  Task<Result<BucketRemains>> announce(BucketRecord bucket);
  /// Makes an announced bucket one. bucket_exists if there is one of its name, or the sweep has taken it away.
  Task<Result<void>> add(BucketRemains announced);
  /// precondition_failed if the bucket is not `present` any more.
  Task<Result<void>> replace(BucketRecord present, BucketRecord bucket);
  /// Nobody finds the bucket any more; its RADOS objects remain. precondition_failed as above.
  Task<Result<void>> remove(BucketRecord present);
  Task<Result<std::vector<BucketRemains>>> list_remains();
  /// They are the caller's to remove, unless somebody else has come first: precondition_failed.
  Task<Result<void>> claim_remains(BucketRemains remains);
  Task<Result<void>> forget_remains(std::string bucket_id);

 private:
  Task<Result<OmapEntries>> all_with(std::string prefix);

  Pool& pool_;
  BucketTable& table_;
  const Clock& clock_;
  const RadosOptions& options_;
};

}  // namespace shoal::rados
