#include "shoal/flash/record_batch.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::flash {

std::vector<FlashRecord> RecordBatch::records() const {
  std::vector<FlashRecord> records;
  records.reserve(items_.size());
  for (const Item& item : items_) records.push_back(item.record);
  return records;
}

void RecordBatch::add(const storage::Record& record, Item item) {
  std::uint64_t offset = begin_.offset + bytes_.size();
  std::uint64_t end = bytes_.size() + record.header.record_bytes();
  item.record.position = static_cast<std::uint32_t>(offset / storage::record_alignment);
  item.record.units = static_cast<std::uint32_t>(record.header.record_bytes() / storage::record_alignment);
  std::string head = storage::encode_head(record, {begin_.segment_salt, offset});
  auto append = [this](ByteSpan bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); };
  append(as_bytes(head));
  for (const Body::Slice& slice : record.body) append(slice.bytes);
  bytes_.resize(end);
  CHECK(!contains(item.record));
  by_object_.emplace(item.record.hash, items_.size());
  items_.push_back(item);
  recount_memory();
}

void RecordBatch::recount_memory() {
  constexpr std::uint64_t map_node_bytes = 32;
  std::uint64_t bytes = bytes_.capacity() + items_.capacity() * sizeof(Item) +
                        (by_object_.size() + by_object_.bucket_count()) * map_node_bytes;
  account_.charge(bytes);
  account_.release(std::exchange(charged_, bytes));
}

bool RecordBatch::contains(const FlashRecord& record) const {
  auto [first, last] = by_object_.equal_range(record.hash);
  return std::any_of(first, last, [&](const auto& known) { return items_[known.second].record.piece == record.piece; });
}

void RecordBatch::cancel(std::uint64_t hash) {
  auto [first, last] = by_object_.equal_range(hash);
  for (auto known = first; known != last; ++known) items_[known->second].cancelled = true;
}

void RecordBatch::cancel_other(std::uint64_t hash, std::uint64_t state) {
  auto [first, last] = by_object_.equal_range(hash);
  for (auto known = first; known != last; ++known) {
    Item& item = items_[known->second];
    if (item.record.state != state) item.cancelled = true;
  }
}

void RecordBatch::clear() {
  bytes_.clear();
  items_.clear();
  by_object_.clear();
}

}  // namespace shoal::flash
