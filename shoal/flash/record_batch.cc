#include "shoal/flash/record_batch.h"

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
  bool is_new = by_hash_.emplace(item.record.hash, items_.size()).second;
  CHECK(is_new);
  items_.push_back(item);
  recount_memory();
}

void RecordBatch::recount_memory() {
  constexpr std::uint64_t map_node_bytes = 32;
  std::uint64_t bytes = bytes_.capacity() + items_.capacity() * sizeof(Item) +
                        (by_hash_.size() + by_hash_.bucket_count()) * map_node_bytes;
  account_.charge(bytes);
  account_.release(std::exchange(charged_, bytes));
}

void RecordBatch::cancel(std::uint64_t hash) {
  auto found = by_hash_.find(hash);
  if (found != by_hash_.end()) items_[found->second].cancelled = true;
}

void RecordBatch::cancel_other(std::uint64_t hash, std::uint64_t state) {
  auto found = by_hash_.find(hash);
  if (found != by_hash_.end() && items_[found->second].record.state != state) items_[found->second].cancelled = true;
}

void RecordBatch::clear() {
  bytes_.clear();
  items_.clear();
  by_hash_.clear();
}

}  // namespace shoal::flash
