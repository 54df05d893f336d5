#pragma once

#include <optional>
#include <string>

#include "shoal/base/clock.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/body.h"
#include "shoal/model/write_condition.h"
#include "shoal/rados/bucket_index.h"
#include "shoal/rados/heads.h"
#include "shoal/rados/stripes.h"
#include "shoal/rados/uploads.h"

namespace shoal::rados {

/// What shall become of one object.
struct HeadChange {
  BucketRecord bucket;
  PendingWrite write;      ///< with id and name
  bool has_begun = false;  ///< it stands in the index already
  HeadRecord head;         ///< what shall be, without its version; is_removed: there shall be none
  Body body;               ///< of one that is not striped
  WriteCondition condition;
};

/// What has become of it.
struct ChangedHead {
  HeadRecord head;
  bool is_clean = true;  ///< nothing is left of the body that it replaced
};

/// Changes what an object is, in four steps: the index is told that something begins, the head is replaced if it still
/// is what the condition was checked against, the bytes of the old body are removed, and the index is told what is true
/// now. After the second step the change is made, whatever becomes of the others: listings ask the head as long as the
/// write is pending, and the sweep does the rest. One loop.
class HeadChanges {
 public:
  /// All outlive this.
  HeadChanges(Heads& heads, BucketIndex& index, Stripes& stripes, Uploads& uploads, const Clock& clock)
      : heads_(heads), index_(index), stripes_(stripes), uploads_(uploads), clock_(clock) {}

  /// The new head; nothing if an object should be removed and there was none. An error means that nothing was changed
  /// and that the bytes of the new body are removed, but for io_error: the outcome is unknown. A write that completes
  /// an upload stays pending, and its bytes stay, whatever comes of it.
  Task<Result<std::optional<ChangedHead>>> make(HeadChange change);

  /// Larger than `present`, and than what was there before the sweep forgot it.
  Version next_version(const std::optional<HeadRecord>& present) const;

 private:
  /// What an attempt found, or did.
  struct Attempt {
    std::optional<HeadRecord> present;
    bool is_made = false;
    bool is_vain = false;  ///< there is nothing to remove
  };

  Task<void> begin(const HeadChange* change, Result<void>* outcome);
  Task<void> look(const HeadChange* change, Result<std::optional<HeadRecord>>* present);
  Task<Result<std::optional<ChangedHead>>> make_begun(HeadChange* change, std::optional<HeadRecord> present);
  Task<Result<Attempt>> attempt(HeadChange* change, std::optional<HeadRecord> present);
  Task<void> give_up(const HeadChange* change);
  Task<Result<ChangedHead>> finish(HeadChange* change, std::optional<HeadRecord> replaced);

  static constexpr int attempts_max = 64;

  Heads& heads_;
  BucketIndex& index_;
  Stripes& stripes_;
  Uploads& uploads_;
  const Clock& clock_;
};

}  // namespace shoal::rados
