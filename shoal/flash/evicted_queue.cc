#include "shoal/flash/evicted_queue.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::flash {

EvictedQueue::~EvictedQueue() {
  while (!empty()) pop_front();
}

EvictionCandidate EvictedQueue::Item::candidate(std::chrono::milliseconds age) const {
  return {ObjectKeyView(key), info ? &*info : nullptr, body, age, {record.state, record.piece}};
}

void EvictedQueue::pop_front() {
  const Item* front = &items_.front();
  auto [first, last] = by_object_.equal_range(front->record.hash);
  by_object_.erase(std::find_if(first, last, [front](const auto& known) { return known.second == front; }));
  bytes_ -= front->body.size();
  items_.pop_front();
  account_.release(item_bytes);
}

bool EvictedQueue::contains(const FlashRecord& record) const {
  auto [first, last] = by_object_.equal_range(record.hash);
  return std::any_of(first, last, [&](const auto& known) { return known.second->record.piece == record.piece; });
}

void EvictedQueue::push(const EvictionCandidate& candidate, std::chrono::milliseconds confirmed_at) {
  Item item;
  item.key = candidate.key.to_key();
  item.record = record_of(candidate);
  CHECK(!contains(item.record));
  if (candidate.info != nullptr) item.info = *candidate.info;
  if (!candidate.body.empty()) item.body = candidate.body.flattened(&account_);
  item.confirmed_at = confirmed_at;
  bytes_ += item.body.size();
  items_.push_back(std::move(item));
  by_object_.emplace(candidate.key.hash, &items_.back());
  account_.charge(item_bytes);
}

void EvictedQueue::cancel(std::uint64_t hash) {
  auto [first, last] = by_object_.equal_range(hash);
  for (auto known = first; known != last; ++known) known->second->cancelled = true;
}

void EvictedQueue::cancel_other(std::uint64_t hash, std::uint64_t state) {
  auto [first, last] = by_object_.equal_range(hash);
  for (auto known = first; known != last; ++known) {
    if (known->second->record.state != state) known->second->cancelled = true;
  }
}

void EvictedQueue::cancel_selected(const Selection& selection) {
  for (Item& item : items_) {
    if (selection(item.key.bucket, item.key.name)) item.cancelled = true;
  }
}

}  // namespace shoal::flash
