#include "shoal/cache/worth_policy.h"

#include <algorithm>

namespace shoal::cache {

void WorthPolicy::put(std::uint64_t at, Place place) {
  heap_[at] = place;
  place.node->place = at;
}

void WorthPolicy::rise(std::uint64_t at) {
  Place risen = heap_[at];
  for (; at > 0 && goes_before(risen, heap_[(at - 1) / 2]); at = (at - 1) / 2) put(at, heap_[(at - 1) / 2]);
  put(at, risen);
}

void WorthPolicy::sink(std::uint64_t at) {
  Place sunk = heap_[at];
  for (std::uint64_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
    if (child + 1 < heap_.size() && goes_before(heap_[child + 1], heap_[child])) ++child;
    if (!goes_before(heap_[child], sunk)) break;
    put(at, heap_[child]);
  }
  put(at, sunk);
}

// What a byte of it is worth from now on.
double WorthPolicy::rank(Node& node) {
  node.era = 0;
  return inflation_ + hits_of(node) / node.weight;
}

void WorthPolicy::enqueue(Node& node) {
  node.list = recent_list;
  heap_.push_back({rank(node), &node});
  rise(heap_.size() - 1);
}

Admission WorthPolicy::admit(Node& node, Evict evict) {
  CHECK(!node.resident() && node.weight > 0);
  if (Admission room = room_for(node.weight); !is_admitted(room)) {
    ++refusals_;
    return room;
  }
  while (over(node.weight)) evict_one(evict);
  node.uses = 1;
  node.seen = 0;
  node.order = next_order_++;
  enqueue(node);
  entered(node);
  return Admission::cold;
}

// The front of a heap is in order only as far as children are behind their parents, which is near enough.
bool WorthPolicy::visit_tails(std::uint64_t weight_max, VisitTail visit) const {
  std::uint64_t weight = 0;
  for (const Place& place : heap_) {
    weight += place.node->weight;
    if (weight > weight_max) break;
    if (!visit(*place.node)) return false;
  }
  return true;
}

void WorthPolicy::evict_one(Evict evict) {
  while (true) {
    Place& least = heap_.front();
    Node& node = *least.node;
    if (node.pinned) {
      take_out(node);
    } else if (node.era != 0) {
      node.order = next_order_++;
      least.worth = rank(node);
      sink(0);
    } else {
      inflation_ = std::max(inflation_, least.worth);
      remove(node);
      ++evictions_;
      evict(node);
      return;
    }
  }
}

void WorthPolicy::take_out(Node& node) {
  Place last = heap_.back();
  heap_.pop_back();
  if (last.node != &node) {
    std::uint64_t hole = node.place;
    put(hole, last);
    rise(hole);
    sink(last.node->place);
  }
  node.place = aside;
}

void WorthPolicy::unpin(Node& node) {
  PolicyBudget::unpin(node);
  if (node.place != aside) return;
  node.order = next_order_++;
  enqueue(node);
}

void WorthPolicy::remove(Node& node) {
  if (node.place != aside) take_out(node);
  left(node);
}

bool WorthPolicy::reweigh(Node& node, std::uint32_t weight, Evict evict) {
  auto set_weight = [&] {
    node.weight = weight;
    if (node.place != aside) take_out(node);
  };
  if (!reweigh_among(node, weight, set_weight, [&] { evict_one(evict); })) return false;
  if (!node.pinned) enqueue(node);
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
  stats.lists[0] = {"by worth", false, count(), weight()};
  stats.memory_bytes = memory_bytes();
  return stats;
}

PolicySnapshot WorthPolicy::snapshot() const {
  PolicySnapshot snapshot{.policy = std::string(name), .capacity = capacity(), .entries = {}};
  std::vector<Place> order = heap_;  // without what is pinned and came up as the victim: the next hit brings it back
  std::ranges::sort(order, [](const Place& a, const Place& b) { return goes_before(b, a); });
  snapshot.entries.reserve(order.size());
  for (const Place& place : order) {
    auto uses = static_cast<std::uint8_t>(std::min<double>(hits_of(*place.node), UINT8_MAX));
    snapshot.entries.push_back({place.node->hash, place.node->weight, uses > 1 ? frequent_list : recent_list, uses});
  }
  return snapshot;
}

void WorthPolicy::restore(const PolicySnapshot& snapshot, NodeFor node_for) {
  CHECK(count() == 0);
  std::uint64_t order = next_order_ = snapshot.entries.size();
  restore_each(
      snapshot, [&](const PolicySnapshot::Entry& entry) { return over(entry.weight) ? nullptr : node_for(entry); },
      [&](Node& node, const PolicySnapshot::Entry& entry) {
        node.uses = std::max<std::uint8_t>(entry.uses, 1);
        node.seen = 0;
        node.order = --order;
        enqueue(node);
        entered(node);
      },
      [](const PolicySnapshot::Entry&, std::uint8_t) {});
}

}  // namespace shoal::cache
