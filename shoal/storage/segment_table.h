#pragma once

#include <cstdint>
#include <map>
#include <mutex>
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
  SegmentId predecessor;    ///< whose end its header states; 0: none
  std::uint64_t bytes = 0;  ///< of records
  Sequence first_sequence;  ///< smallest of its records; 0 without any
  Sequence last_sequence;   ///< largest
  bool left_alone = false;  ///< it could not be read or removed: it stays until the next start
};

/// The segments of a data directory. Any thread.
class SegmentTable {
 public:
  void add(SegmentSummary segment);
  /// Records were appended.
  void extend(SegmentId id, std::uint64_t bytes, Sequence first, Sequence last);
  void set_state(SegmentId id, SegmentSummary::State state);
  /// Compaction failed with it and shall not try again.
  void leave_alone(SegmentId id);
  void remove(SegmentId id);

  /// By id.
  std::vector<SegmentSummary> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<SegmentId, SegmentSummary> segments_;
};

}  // namespace shoal::storage
