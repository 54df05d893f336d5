#include "shoal/cache/arc_policy.h"

#include <algorithm>

namespace shoal::cache {

void ArcPolicy::on_hit(Node& node) {
  if (node.list == t2) {
    frequent_.move_to_newest(node);
    return;
  }
  recent_.unlink(node);
  node.list = t2;
  frequent_.push_newest(node);
}

Admission ArcPolicy::admit(Node& node, Evict evict) {
  CHECK(!node.resident() && node.weight > 0);
  if (Admission room = room_for(node.weight); !is_admitted(room)) {
    ++refusals_;
    return room;
  }
  Admission kind = Admission::cold;
  if (auto ghost = ghosts_.find(node.hash); ghost != GhostTable::none) {
    int ghost_list = ghosts_.at(ghost).list;
    kind = ghost_list == b1 ? Admission::recent_ghost : Admission::frequent_ghost;
    ++(ghost_list == b1 ? recent_ghost_hits_ : frequent_ghost_hits_);
    adapt(ghost_list, node.weight);
    ghosts_.erase(ghost);
    while (over(node.weight)) replace(ghost_list == b2, evict);
    node.list = t2;
    frequent_.push_newest(node);
  } else {
    trim_recent_ghosts(node.weight);
    // Case IV A of the paper with B1 empty: entries used once fill the cache, and the oldest leaves without a ghost.
    while (over(node.weight) && recent_.weight() + node.weight > capacity()) {
      Node* victim = oldest_evictable(recent_);
      if (victim == nullptr) break;
      drop(*victim, evict);
    }
    trim_ghosts(node.weight);
    while (over(node.weight)) replace(false, evict);
    node.list = t1;
    recent_.push_newest(node);
  }
  entered(node);
  trim_recent_ghosts(0);
  trim_ghosts(0);
  return kind;
}

void ArcPolicy::adapt(int ghost_list, std::uint32_t weight) {
  auto recent = static_cast<double>(ghosts_.weight(b1));
  auto frequent = static_cast<double>(ghosts_.weight(b2));
  double ratio = ghost_list == b1 ? frequent / recent : recent / frequent;
  double step = weight * std::clamp(ratio, 1.0, step_ratio_max_);
  p_ = ghost_list == b1 ? std::min(p_ + step, static_cast<double>(capacity())) : std::max(p_ - step, 0.0);
}

// REPLACE of the paper: from T1 when it is above its target, else from T2; from the other one when nothing there can
// go.
void ArcPolicy::replace(bool frequent_ghost_hit, Evict evict) {
  auto recent = static_cast<double>(recent_.weight());
  bool from_recent = !recent_.empty() && (recent > p_ || (frequent_ghost_hit && recent == p_));
  Node* victim = oldest_evictable(from_recent ? recent_ : frequent_);
  if (victim == nullptr) victim = oldest_evictable(from_recent ? frequent_ : recent_);
  CHECK_MSG(victim != nullptr, "the caller made sure that something is evictable");
  evict_to(victim->list == t1 ? b1 : b2, *victim, evict);
}

void ArcPolicy::evict_to(int ghost_list, Node& node, Evict evict) {
  ghosts_.push_newest(ghost_list, node.hash, node.weight);
  drop(node, evict);
}

void ArcPolicy::drop(Node& node, Evict evict) {
  remove(node);
  ++evictions_;
  evict(node);
}

void ArcPolicy::trim_recent_ghosts(std::uint64_t coming) {
  while (ghosts_.count(b1) > 0 && recent_.weight() + ghosts_.weight(b1) + coming > capacity()) ghosts_.pop_oldest(b1);
}

void ArcPolicy::trim_ghosts(std::uint64_t coming) {
  auto total = [&] { return weight() + ghosts_.weight(b1) + ghosts_.weight(b2) + coming; };
  while (ghosts_.count(b2) > 0 && total() > 2 * capacity()) ghosts_.pop_oldest(b2);
  while (ghosts_.count(b1) > 0 && total() > 2 * capacity()) ghosts_.pop_oldest(b1);
}

void ArcPolicy::remove(Node& node) {
  list_of(node).unlink(node);
  left(node);
}

bool ArcPolicy::reweigh(Node& node, std::uint32_t weight, Evict evict) {
  auto set_weight = [&] { list_of(node).reweigh(node, weight); };
  if (!reweigh_among(node, weight, set_weight, [&] { replace(false, evict); })) return false;
  trim_recent_ghosts(0);
  trim_ghosts(0);
  return true;
}

void ArcPolicy::resize(std::uint64_t capacity_wanted, Evict evict) {
  p_ = capacity() == 0 ? 0 : p_ * (static_cast<double>(capacity_wanted) / static_cast<double>(capacity()));
  set_capacity(capacity_wanted);
  reclaim(0, evict);
}

std::uint64_t ArcPolicy::reclaim(std::uint64_t wanted, Evict evict) {
  while (over(wanted) && anything_evictable()) replace(false, evict);
  trim_recent_ghosts(0);
  trim_ghosts(0);
  return capacity() - std::min(capacity(), weight());
}

PolicyStats ArcPolicy::stats() const {
  return {.lists = {{{"T1", false, recent_.count(), recent_.weight()},
                     {"T2", false, frequent_.count(), frequent_.weight()},
                     {"B1", true, ghosts_.count(b1), ghosts_.weight(b1)},
                     {"B2", true, ghosts_.count(b2), ghosts_.weight(b2)}}},
          .target = p_,
          .recent_ghost_hits = recent_ghost_hits_,
          .frequent_ghost_hits = frequent_ghost_hits_,
          .evictions = evictions_,
          .refusals = refusals_,
          .memory_bytes = memory_bytes()};
}

PolicySnapshot ArcPolicy::snapshot() const {
  PolicySnapshot snapshot{.policy = std::string(name), .capacity = capacity(), .target = p_, .entries = {}};
  snapshot.entries.reserve(count() + ghosts_.count());
  for (const NodeList* list : {&frequent_, &recent_})
    for (const Node* node = list->newest(); node != nullptr; node = node->older)
      snapshot.entries.push_back({node->hash, node->weight, node->list, 0});
  for (int list : {b2, b1})
    for (auto i = ghosts_.newest(list); i != GhostTable::none; i = ghosts_.at(i).older)
      snapshot.entries.push_back({ghosts_.at(i).hash, ghosts_.at(i).weight,
                                  static_cast<std::uint8_t>(PolicySnapshot::Entry::ghost_bit | (list == b1 ? t1 : t2)),
                                  0});
  return snapshot;
}

void ArcPolicy::restore(const PolicySnapshot& snapshot, NodeFor node_for) {
  CHECK(count() == 0 && ghosts_.count() == 0);
  if (snapshot.capacity > 0)
    p_ = std::min(1.0, snapshot.target / static_cast<double>(snapshot.capacity)) * static_cast<double>(capacity());
  restore_each(
      snapshot, [&](const PolicySnapshot::Entry& entry) { return over(entry.weight) ? nullptr : node_for(entry); },
      [&](Node& node, const PolicySnapshot::Entry&) {
        list_of(node).push_oldest(node);
        entered(node);
      },
      [&](const PolicySnapshot::Entry& entry, std::uint8_t list) {
        ghosts_.push_oldest(list == t1 ? b1 : b2, entry.hash, entry.weight);
      });
  trim_recent_ghosts(0);
  trim_ghosts(0);
}

}  // namespace shoal::cache
