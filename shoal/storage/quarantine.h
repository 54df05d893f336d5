#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "shoal/base/clock.h"
#include "shoal/base/task.h"
#include "shoal/storage/damage.h"
#include "shoal/storage/layout.h"

namespace shoal::storage {

struct LogNumbers;
class LogStore;

/// Damage that was found while the store runs.
struct QuarantinedRecord {
  Damage damage;
  SegmentId segment;
  WallTime found{};
};

/// What was found damaged and still matters: records that the index points to, and places in segments that nobody can
/// read. It is a list for people: a damaged record is never served because it is verified at each read, not because it
/// is here. After a restart scrubbing fills it again.
///
/// Any thread.
class Quarantine {
 public:
  explicit Quarantine(const Clock* clock) : clock_(clock) {}

  /// Names one entry: records by their sequence number, which they keep when they are moved, other places by segment
  /// and offset.
  using Id = std::tuple<std::uint64_t, SegmentId, std::uint64_t>;
  static Id id_of(SegmentId segment, const Damage& damage);

  /// Logs what was not known yet, and keeps it, up to ten thousand of them. Whether it was new.
  bool add(SegmentId segment, const Damage& damage);
  /// The record was moved as it is.
  void relocate(const Id& id, SegmentId segment, const std::string& file, std::uint64_t offset, std::uint64_t bytes);
  /// Nothing needs it any more.
  void remove(const Id& id);

  /// By id.
  std::map<Id, QuarantinedRecord> all() const;
  /// Since the start, those that left included.
  std::uint64_t found_total() const;

 private:
  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::map<Id, QuarantinedRecord> records_;
  std::uint64_t found_total_ = 0;
};

/// Asks the stores what of the quarantine is still needed, removes the rest from it and returns what is left. Runs on
/// any loop.
Task<std::vector<QuarantinedRecord>> still_quarantined(Quarantine* quarantine, const LogNumbers* numbers,
                                                       std::vector<LogStore*>* stores);

}  // namespace shoal::storage
