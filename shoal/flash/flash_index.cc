#include "shoal/flash/flash_index.h"

#include <algorithm>

#include "shoal/base/check.h"

namespace shoal::flash {
namespace {

constexpr std::size_t first_size = 8;

}  // namespace

const FlashEntry* FlashIndex::find(std::uint64_t hash) const {
  const std::vector<FlashEntry>& entries = partitions_[partition_of(hash)].entries;
  if (entries.empty()) return nullptr;
  std::size_t mask = entries.size() - 1;
  for (std::size_t at = home_of(hash, mask); entries[at].units != 0; at = (at + 1) & mask) {
    if (entries[at].hash == hash) return &entries[at];
  }
  return nullptr;
}

void FlashIndex::put(const FlashEntry& entry) {
  CHECK(entry.units != 0);
  if (FlashEntry* present = find(entry.hash)) {
    *present = entry;
    return;
  }
  Partition& partition = partitions_[partition_of(entry.hash)];
  if (is_full(partition)) grow(partition);
  std::size_t mask = partition.entries.size() - 1;
  std::size_t at = home_of(entry.hash, mask);
  while (partition.entries[at].units != 0) at = (at + 1) & mask;
  partition.entries[at] = entry;
  ++partition.used;
  ++count_;
}

// What follows without a gap moves up, unless it would pass its home.
bool FlashIndex::erase(std::uint64_t hash) {
  FlashEntry* found = find(hash);
  if (found == nullptr) return false;
  Partition& partition = partitions_[partition_of(hash)];
  std::vector<FlashEntry>& entries = partition.entries;
  std::size_t mask = entries.size() - 1;
  auto gap = static_cast<std::size_t>(found - entries.data());
  for (std::size_t at = (gap + 1) & mask; entries[at].units != 0; at = (at + 1) & mask) {
    std::size_t from_home = (at - home_of(entries[at].hash, mask)) & mask;
    if (from_home < ((at - gap) & mask)) continue;
    entries[gap] = entries[at];
    gap = at;
  }
  entries[gap] = FlashEntry();
  --partition.used;
  --count_;
  return true;
}

void FlashIndex::clear() {
  for (Partition& partition : partitions_) partition = Partition();
  account_.release(memory_bytes_);
  memory_bytes_ = 0;
  count_ = 0;
}

std::size_t FlashIndex::next_size(const Partition& partition) {
  return std::max(first_size, 2 * partition.entries.size());
}

std::uint64_t FlashIndex::growth_for(std::uint64_t hash) const {
  const Partition& partition = partitions_[partition_of(hash)];
  if (!is_full(partition)) return 0;
  return (next_size(partition) - partition.entries.size()) * sizeof(FlashEntry);
}

void FlashIndex::grow(Partition& partition) {
  std::vector<FlashEntry> larger(next_size(partition));
  std::size_t mask = larger.size() - 1;
  for (const FlashEntry& entry : partition.entries) {
    if (entry.units == 0) continue;
    std::size_t at = home_of(entry.hash, mask);
    while (larger[at].units != 0) at = (at + 1) & mask;
    larger[at] = entry;
  }
  std::uint64_t growth = (larger.size() - partition.entries.size()) * sizeof(FlashEntry);
  account_.charge(growth);
  memory_bytes_ += growth;
  partition.entries = std::move(larger);
}

}  // namespace shoal::flash
