#include "shoal/cache/worth_policy.h"

#include <algorithm>

namespace shoal::cache {

void WorthPolicy::put(std::size_t place, Node& node) {
  heap_[place] = &node;
  node.place = place;
}

void WorthPolicy::rise(Node& node) {
  std::size_t place = node.place;
  for (; place > 0 && goes_before(node, *heap_[(place - 1) / 2]); place = (place - 1) / 2)
    put(place, *heap_[(place - 1) / 2]);
  put(place, node);
}

void WorthPolicy::sink(Node& node) {
  std::size_t place = node.place;
  for (std::size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
    if (child + 1 < heap_.size() && goes_before(*heap_[child + 1], *heap_[child])) ++child;
    if (!goes_before(*heap_[child], node)) break;
    put(place, *heap_[child]);
  }
  put(place, node);
}

// What a byte of it is worth from now on.
void WorthPolicy::rank(Node& node) {
  node.worth = inflation_ + static_cast<double>(node.hits) / node.weight;
  node.order = next_order_++;
  node.ranked_hits = node.hits;
}

void WorthPolicy::enqueue(Node& node) {
  node.list = 1;
  rank(node);
  heap_.push_back(&node);
  node.place = heap_.size() - 1;
  rise(node);
}

Admission WorthPolicy::admit(Node& node, Evict evict) {
  CHECK(!node.resident() && node.weight > 0);
  if (Admission room = room_for(node.weight); !is_admitted(room)) {
    ++refusals_;
    return room;
  }
  while (over(node.weight)) evict_one(evict);
  node.hits = 1;
  enqueue(node);
  entered(node);
  return Admission::cold;
}

void WorthPolicy::evict_one(Evict evict) {
  while (true) {
    Node& least = *heap_.front();
    if (least.pinned) {
      take_out(least);
    } else if (least.hits != least.ranked_hits) {
      rank(least);
      sink(least);
    } else {
      inflation_ = std::max(inflation_, least.worth);
      remove(least);
      ++evictions_;
      evict(least);
      return;
    }
  }
}

void WorthPolicy::take_out(Node& node) {
  Node& last = *heap_.back();
  heap_.pop_back();
  if (&last != &node) {
    put(node.place, last);
    rise(last);
    sink(last);
  }
  node.place = Node::aside;
}

void WorthPolicy::unpin(Node& node) {
  PolicyBudget::unpin(node);
  if (node.place == Node::aside) enqueue(node);
}

void WorthPolicy::remove(Node& node) {
  if (node.place != Node::aside) take_out(node);
  left(node);
}

bool WorthPolicy::reweigh(Node& node, std::uint32_t weight, Evict evict) {
  CHECK(node.resident() && weight > 0);
  std::uint64_t others_pinned = pinned_weight() - (node.pinned ? node.weight : 0);
  if (weight + others_pinned > capacity()) return false;
  reweighed(node, weight);
  node.weight = weight;
  bool was_pinned = node.pinned;
  if (!was_pinned) pin(node);
  if (node.place != Node::aside) take_out(node);
  while (over(0)) evict_one(evict);
  if (!was_pinned) unpin(node);
  return true;
}

void WorthPolicy::resize(std::uint64_t capacity, Evict evict) {
  set_capacity(capacity);
  reclaim(0, evict);
}

std::uint64_t WorthPolicy::reclaim(std::uint64_t wanted, Evict evict) {
  while (over(wanted) && anything_evictable()) evict_one(evict);
  return capacity() - std::min(capacity(), weight());
}

PolicyStats WorthPolicy::stats() const {
  PolicyStats stats{.target = inflation_, .evictions = evictions_, .refusals = refusals_};
  stats.lists[0] = {"all", false, count(), weight()};
  stats.memory_bytes = heap_.capacity() * sizeof(Node*);
  return stats;
}

}  // namespace shoal::cache
