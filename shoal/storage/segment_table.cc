#include "shoal/storage/segment_table.h"

#include <algorithm>
#include <utility>

namespace shoal::storage {

void SegmentTable::add(SegmentSummary segment) {
  std::lock_guard lock(mutex_);
  segments_.insert_or_assign(segment.id, segment);
}

void SegmentTable::extend(SegmentId id, const Growth& growth) {
  std::lock_guard lock(mutex_);
  SegmentSummary& segment = segments_.at(id);
  bool is_first = segment.first_sequence == Sequence();
  segment.records += growth.records;
  segment.bytes += growth.bytes;
  if (segment.statement_bytes) *segment.statement_bytes += growth.statement_bytes;
  segment.first_sequence = is_first ? growth.first : std::min(segment.first_sequence, growth.first);
  segment.last_sequence = std::max(segment.last_sequence, growth.last);
}

void SegmentTable::set_state(SegmentId id, SegmentSummary::State state) {
  std::lock_guard lock(mutex_);
  segments_.at(id).state = state;
}

void SegmentTable::leave_alone(SegmentId id) {
  std::lock_guard lock(mutex_);
  segments_.at(id).left_alone = true;
}

void SegmentTable::mark_damaged(SegmentId id) {
  std::lock_guard lock(mutex_);
  auto found = segments_.find(id);
  if (found != segments_.end()) found->second.damaged = true;
}

void SegmentTable::await_checkpoints(SegmentId id, std::uint32_t checkpoints) {
  std::lock_guard lock(mutex_);
  segments_.at(id).checkpoints_needed = checkpoints;
}

void SegmentTable::remove(SegmentId id) {
  std::lock_guard lock(mutex_);
  segments_.erase(id);
}

void SegmentTable::count_checkpoint(const std::vector<SegmentId>& covered) {
  std::lock_guard lock(mutex_);
  for (SegmentId id : covered) {
    if (auto segment = segments_.find(id); segment != segments_.end()) ++segment->second.checkpoints;
  }
}

std::optional<SegmentSummary> SegmentTable::find(SegmentId id) const {
  std::lock_guard lock(mutex_);
  auto segment = segments_.find(id);
  if (segment == segments_.end()) return std::nullopt;
  return segment->second;
}

std::uint64_t SegmentTable::bytes() const {
  std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [id, segment] : segments_) bytes += segment.bytes;
  return bytes;
}

std::vector<SegmentSummary> SegmentTable::all() const {
  std::lock_guard lock(mutex_);
  std::vector<SegmentSummary> all;
  all.reserve(segments_.size());
  for (const auto& [id, segment] : segments_) all.push_back(segment);
  return all;
}

}  // namespace shoal::storage
