#include "shoal/storage/quarantine.h"

#include <optional>
#include <set>

#include "shoal/base/log.h"
#include "shoal/io/run_on.h"
#include "shoal/storage/log_store.h"

namespace shoal::storage {
namespace {

constexpr std::size_t records_max = 10'000;

std::string name_of(const Damage& damage) {
  if (!damage.key) return "unknown";
  return log_value(damage.key->name.empty() ? damage.key->bucket : damage.key->bucket + "/" + damage.key->name);
}

}  // namespace

Quarantine::Id Quarantine::id_of(SegmentId segment, const Damage& damage) {
  bool is_record = damage.key && !damage.is_guess && damage.sequence != Sequence();
  if (is_record) return {damage.sequence.value(), SegmentId(), 0};
  return {0, segment, damage.offset};
}

bool Quarantine::add(SegmentId segment, const Damage& damage) {
  Id id = id_of(segment, damage);
  {
    std::lock_guard lock(mutex_);
    if (records_.contains(id)) return false;
    ++found_total_;
    if (records_.size() < records_max) records_.emplace(id, QuarantinedRecord{damage, segment, clock_->wall()});
  }
  spdlog::error("damaged record={} key={} guessed={} sequence={} segment={} offset={} bytes={} reason={}",
                damage.kind ? to_string(*damage.kind) : "unknown", name_of(damage), damage.is_guess,
                damage.sequence.value(), segment.value(), damage.offset, damage.bytes, log_value(damage.reason));
  return true;
}

void Quarantine::relocate(const Id& id, SegmentId segment, const std::string& file, std::uint64_t offset,
                          std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  auto found = records_.find(id);
  if (found == records_.end()) return;
  found->second.segment = segment;
  found->second.damage.file = file;
  found->second.damage.offset = offset;
  found->second.damage.bytes = bytes;
}

void Quarantine::remove(const Id& id) {
  std::lock_guard lock(mutex_);
  auto found = records_.find(id);
  if (found == records_.end()) return;
  const Damage& damage = found->second.damage;
  spdlog::info("left quarantine key={} sequence={} segment={} offset={}", name_of(damage), damage.sequence.value(),
               found->second.segment.value(), damage.offset);
  records_.erase(found);
}

std::map<Quarantine::Id, QuarantinedRecord> Quarantine::all() const {
  std::lock_guard lock(mutex_);
  return records_;
}

std::uint64_t Quarantine::found_total() const {
  std::lock_guard lock(mutex_);
  return found_total_;
}

Task<std::vector<QuarantinedRecord>> still_quarantined(Quarantine* quarantine, const LogNumbers* numbers,
                                                       std::vector<LogStore*>* stores) {
  std::map<Quarantine::Id, QuarantinedRecord> records = quarantine->all();
  std::set<SegmentId> segments;
  for (const SegmentSummary& segment : numbers->segments.all()) segments.insert(segment.id);
  for (const auto& [id, record] : records) {
    const Damage& damage = record.damage;
    bool is_record = id != Quarantine::Id{0, record.segment, damage.offset};
    if (!is_record) {
      if (!segments.contains(record.segment)) quarantine->remove(id);
      continue;
    }
    LogStore* store = (*stores)[loop_of(ObjectKeyView(*damage.key).slot(), stores->size())];
    auto find_there = [&] { return store->find_record(*damage.kind, *damage.key, damage.sequence); };
    Result<std::optional<RecordLocation>> found = co_await io::run_on(store->loop(), find_there);
    if (!found) continue;  // nobody knows now
    std::optional<RecordLocation> present = *found;
    if (!present) {
      quarantine->remove(id);
    } else if (present->segment != record.segment || present->offset() != damage.offset) {
      std::string file = numbers->segments_path + "/" + segment_file_name(present->segment);
      quarantine->relocate(id, present->segment, file, present->offset(), present->bytes);
    }
  }
  std::vector<QuarantinedRecord> left;
  for (auto& [id, record] : quarantine->all()) left.push_back(record);
  co_return left;
}

}  // namespace shoal::storage
