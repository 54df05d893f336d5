#include "shoal/flash/evicted_queue.h"

#include <utility>

#include "shoal/base/check.h"

namespace shoal::flash {

EvictedQueue::~EvictedQueue() {
  while (!empty()) pop_front();
}

void EvictedQueue::pop_front() {
  bytes_ -= items_.front().body.size();
  by_hash_.erase(items_.front().hash);
  items_.pop_front();
  account_.release(item_bytes);
}

void EvictedQueue::push(const EvictionCandidate& candidate, std::uint64_t state,
                        std::chrono::milliseconds confirmed_at) {
  CHECK(!contains(candidate.key.hash));
  Item item;
  item.key = candidate.key.to_key();
  item.hash = candidate.key.hash;
  item.state = state;
  item.info = candidate.info;
  if (!candidate.body.empty()) item.body = candidate.body.flattened(&account_);
  item.confirmed_at = confirmed_at;
  bytes_ += item.body.size();
  items_.push_back(std::move(item));
  by_hash_.emplace(candidate.key.hash, &items_.back());
  account_.charge(item_bytes);
}

void EvictedQueue::cancel(std::uint64_t hash) {
  auto found = by_hash_.find(hash);
  if (found != by_hash_.end()) found->second->cancelled = true;
}

void EvictedQueue::cancel_other(std::uint64_t hash, std::uint64_t state) {
  auto found = by_hash_.find(hash);
  if (found != by_hash_.end() && found->second->state != state) found->second->cancelled = true;
}

void EvictedQueue::cancel_selected(const Selection& selection) {
  for (Item& item : items_) {
    if (selection(item.key.bucket, item.key.name)) item.cancelled = true;
  }
}

}  // namespace shoal::flash
