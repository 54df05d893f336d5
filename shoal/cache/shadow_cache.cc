#include "shoal/cache/shadow_cache.h"

#include <algorithm>
#include <utility>

namespace shoal::cache {

// Where the key is, or the free slot where it belongs.
std::size_t ShadowCache::slot_of(std::uint64_t hash) const {
  std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != nullptr && slots_[slot]->hash != hash) slot = (slot + 1) & mask;
  return slot;
}

bool ShadowCache::request(std::uint64_t hash, std::uint32_t weight) {
  if (PolicyNode* node = find(hash)) {
    clock_.on_hit(*node);
    return true;
  }
  if (weight > clock_.capacity()) return false;
  PolicyNode& node = take_node();
  node.hash = hash;
  node.weight = weight;
  Admission admission = clock_.admit(node, [&](PolicyNode& victim) { release(victim); });
  if (is_admitted(admission)) {
    if (2 * count() > slots_.size()) add_slots();
    slots_[slot_of(hash)] = &node;
  } else {
    node.older = std::exchange(free_, &node);
  }
  return false;
}

void ShadowCache::forget(std::uint64_t hash) {
  if (PolicyNode* node = find(hash)) remove(*node);
  clock_.forget(hash);
}

void ShadowCache::resize(std::uint64_t capacity) {
  clock_.resize(capacity, [&](PolicyNode& victim) { release(victim); });
}

PolicyNode& ShadowCache::take_node() {
  if (free_ == nullptr) return nodes_.emplace_back();
  PolicyNode& node = *std::exchange(free_, free_->older);
  node = PolicyNode();
  return node;
}

void ShadowCache::remove(PolicyNode& node) {
  clock_.remove(node);
  release(node);
}

// Of a node that left the clock. Entries behind its slot that belong in front of it move up, so that no search stops
// short of them.
void ShadowCache::release(PolicyNode& node) {
  std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(node.hash);
  for (std::size_t at = (hole + 1) & mask; slots_[at] != nullptr; at = (at + 1) & mask) {
    std::size_t home = slots_[at]->hash & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = nullptr;
  node.older = std::exchange(free_, &node);
}

void ShadowCache::add_slots() {
  std::size_t count = std::max(slots_min, 2 * slots_.size());
  std::vector<PolicyNode*> old = std::exchange(slots_, std::vector<PolicyNode*>(count));
  for (PolicyNode* node : old)
    if (node != nullptr) slots_[slot_of(node->hash)] = node;
}

std::uint64_t ShadowCache::memory_bytes() const {
  std::uint64_t blocks = (nodes_.size() + nodes_at_once - 1) / nodes_at_once;
  return blocks * nodes_at_once * sizeof(PolicyNode) + slots_.capacity() * sizeof(PolicyNode*) + clock_.memory_bytes();
}

}  // namespace shoal::cache
