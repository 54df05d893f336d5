#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "shoal/storage/layout.h"

namespace shoal::storage {

/// What is known of a segment without reading it.
struct SegmentSummary {
  enum class State : std::uint8_t {
    open,      ///< its writer may append
    sealed,    ///< it has a footer
    unsealed,  ///< nobody appends any more, but only the header of its successor says where it ends
  };

  SegmentId id;
  State state = State::open;
  std::uint64_t salt = 0;
  SegmentId predecessor;    ///< whose end its header states; 0: none
  std::uint64_t bytes = 0;  ///< of records
  std::uint64_t records = 0;
  /// Of those records to which nothing points, but which are needed until checkpoints know what they say. Nothing: not
  /// known, because not all of the segment was read since the start.
  std::optional<std::uint64_t> statement_bytes = 0;
  Sequence first_sequence;  ///< smallest of its records; 0 without any
  Sequence last_sequence;   ///< largest
  bool left_alone = false;  ///< it could not be read or removed: it stays until the next start
  /// How many of the newest checkpoints cover all of it.
  std::uint32_t checkpoints = 0;
  bool damaged = false;  ///< not all of it can be read: it goes as soon as it may
  /// Compaction waits for so many, because nobody can read what it may have deleted.
  std::uint32_t checkpoints_needed = 0;
};

/// The segments of a data directory. Any thread.
class SegmentTable {
 public:
  void add(SegmentSummary segment);
  struct Growth {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t statement_bytes = 0;
    Sequence first;
    Sequence last;
  };
  /// Records were appended, whose sequence numbers are from `first` to `last`.
  void extend(SegmentId id, const Growth& growth);
  void set_state(SegmentId id, SegmentSummary::State state);
  /// Compaction failed with it and shall not try again.
  void leave_alone(SegmentId id);
  /// A checkpoint was completed which covers all of these.
  void count_checkpoint(const std::vector<SegmentId>& covered);
  /// The same for one that is gone by now does nothing.
  void mark_damaged(SegmentId id);
  void await_checkpoints(SegmentId id, std::uint32_t checkpoints);
  void remove(SegmentId id);

  std::optional<SegmentSummary> find(SegmentId id) const;
  /// Of the records of all.
  std::uint64_t bytes() const;
  /// By id.
  std::vector<SegmentSummary> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<SegmentId, SegmentSummary> segments_;
};

}  // namespace shoal::storage
