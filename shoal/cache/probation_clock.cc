#include "shoal/cache/probation_clock.h"

#include <algorithm>

namespace shoal::cache {
namespace {

constexpr double probation_window = 0.1;  // of the capacity
constexpr double contest_window = 0.01;
constexpr int contest_margin = 1;      // a candidate that was asked for once more is only earlier in the same round
constexpr double step_ratio_max = 10;  // as OpenZFS caps ARC's step
constexpr std::uint64_t era_requests = 10;  // for each entry
constexpr std::uint64_t era_entries_min = 16;
constexpr std::uint64_t entries_per_hit_of_first = 32;  // hardly a key was asked for twice

// Whether an entry has to win its place in the main part.
constexpr bool is_choosy(Style style) { return style == Style::contest || style == Style::hold; }

// How many times the hand spares a used entry at most.
constexpr int spares_max(Style style) { return is_choosy(style) ? 1 : 3; }

constexpr std::uint8_t halved(std::uint8_t uses, std::uint8_t times) {
  return times > 7 ? std::uint8_t{0} : static_cast<std::uint8_t>(uses >> times);
}

}  // namespace

std::string_view to_string(Style style) {
  switch (style) {
    case Style::adaptive:
      return "adaptive";
    case Style::probation:
      return "probation";
    case Style::contest:
      return "contest";
    case Style::hold:
      return "hold";
  }
  return "?";
}

double ProbationClock::window_target() const {
  if (style_ == Style::adaptive) return target_;
  return (style_ == Style::probation ? probation_window : contest_window) * static_cast<double>(capacity());
}

bool ProbationClock::main_has_room_for(const Node& node) const {
  return static_cast<double>(main_.weight() + node.weight) < static_cast<double>(capacity()) - window_target();
}

// Until the first eviction all requests were admissions, the one for which room is made now included, or hits.
bool ProbationClock::is_worth_keeping_as_first(const Node& node) const {
  bool hardly_hit = requests_ <= count() + 1 + count() / entries_per_hit_of_first;
  return keeps_first_ && evictions_ == 0 && hardly_hit && main_has_room_for(node);
}

void ProbationClock::age(Node& node) const {
  std::uint8_t eras = eras_since(node.era);
  if (eras == 0) return;
  node.era = era_;
  node.uses = halved(node.uses, eras);
  node.seen = halved(node.seen, eras);
}

Admission ProbationClock::admit(Node& node, Evict evict) {
  CHECK(!node.resident() && node.weight > 0);
  if (Admission room = room_for(node.weight); !is_admitted(room)) {
    ++refusals_;
    return room;
  }
  if (++requests_ >= next_era_) {
    next_era_ = requests_ + era_requests * std::max(count(), era_entries_min);
    era_ = (era_ + 1) & era_mask;
  }
  Admission kind = remembered(node);
  while (over(node.weight)) evict_one(evict);
  node.list = kind != Admission::cold && !is_choosy(style_) ? main : window;
  list_of(node).push_newest(node);
  entered(node);
  trim_ghosts();
  return kind;
}

// Sets the node's counters from its ghost, if it has one, and lets the window learn from it.
Admission ProbationClock::remembered(Node& node) {
  node.uses = 1;
  node.era = era_;
  Admission kind = Admission::cold;
  if (auto index = ghosts_.find(node.hash); index != GhostTable::none) {
    const GhostTable::Ghost& ghost = ghosts_.at(index);
    bool recent = ghost.list == b1;
    kind = recent ? Admission::recent_ghost : Admission::frequent_ghost;
    ++(recent ? recent_ghost_hits_ : frequent_ghost_hits_);
    int uses = halved(ghost.uses, eras_since(ghost.mark)) + 1;
    node.uses = static_cast<std::uint8_t>(std::min<int>(uses, UINT8_MAX));
    adapt(recent, node.weight);
    ghosts_.erase(index);
  }
  node.seen = node.uses;
  return kind;
}

void ProbationClock::adapt(bool recent, std::uint32_t weight) {
  auto b1_weight = static_cast<double>(ghosts_.weight(b1));
  auto b2_weight = static_cast<double>(ghosts_.weight(b2));
  double step = weight * std::clamp(recent ? b2_weight / b1_weight : b1_weight / b2_weight, 1.0, step_ratio_max);
  target_ = recent ? std::min(target_ + step, static_cast<double>(capacity())) : std::max(target_ - step, 0.0);
}

void ProbationClock::move_to_main(Node& node) {
  window_.unlink(node);
  node.list = main;
  node.seen = node.uses;
  main_.push_newest(node);
}

// The oldest of what came first, once it may go. What was used stays as others of the main part do.
ProbationClock::Node* ProbationClock::victim_of_first() {
  if (keeps_first_ || is_choosy(style_)) return nullptr;
  while (!main_.empty() && main_.oldest()->list == first) {
    Node* node = oldest_evictable(main_);
    if (node == nullptr) return nullptr;
    age(*node);
    if (node->uses <= node->seen) return node;
    node->list = main;
    node->seen = node->uses;
    main_.move_to_newest(*node);
  }
  return nullptr;
}

// The hand of the clock: spares what was used since it last came by.
ProbationClock::Node* ProbationClock::main_victim() {
  while (Node* node = oldest_evictable(main_)) {
    age(*node);
    int uses_since = std::min<int>(node->uses - node->seen, spares_max(style_));
    if (uses_since <= 0) return node;
    node->seen = static_cast<std::uint8_t>(node->uses - uses_since + 1);
    node->list = main;
    main_.move_to_newest(*node);
  }
  return nullptr;
}

ProbationClock::Node* ProbationClock::next_victim() {
  if (Node* node = victim_of_first()) return node;
  while (true) {
    bool from_window = main_.empty() || static_cast<double>(window_.weight()) > window_target();
    Node* candidate = from_window ? oldest_evictable(window_) : nullptr;
    if (candidate == nullptr) {
      Node* node = main_victim();
      return node != nullptr ? node : oldest_evictable(window_);
    }
    age(*candidate);
    if (is_choosy(style_)) {
      if (Node* loser = loser_of_contest(*candidate)) return loser;
    } else if (candidate->uses > candidate->seen) {
      move_to_main(*candidate);
    } else if (is_worth_keeping_as_first(*candidate)) {
      move_to_main(*candidate);
      candidate->list = first;
    } else {
      return candidate;
    }
  }
}

// Of the oldest in the window and the next in the main part, the one asked for less; the other is in the main part
// afterwards. Null when the main part has room for the candidate.
ProbationClock::Node* ProbationClock::loser_of_contest(Node& candidate) {
  Node* incumbent = main_victim();
  if (incumbent == nullptr || main_has_room_for(candidate)) {
    move_to_main(candidate);
    return nullptr;
  }
  if (style_ == Style::hold || candidate.uses <= incumbent->uses + contest_margin) return &candidate;
  move_to_main(candidate);
  return incumbent;
}

void ProbationClock::evict_one(Evict evict) {
  Node* victim = next_victim();
  CHECK_MSG(victim != nullptr, "the caller made sure that something is evictable");
  ghosts_.push_newest(victim->list == main ? b2 : b1, victim->hash, victim->weight, victim->uses, victim->era);
  remove(*victim);
  ++evictions_;
  evict(*victim);
}

// ARC's bounds where ARC's rule is used; else the ghosts of the main part have at most half of one or two capacities.
void ProbationClock::trim_ghosts() {
  if (style_ == Style::adaptive) {
    while (ghosts_.count(b1) > 0 && window_.weight() + ghosts_.weight(b1) > capacity()) ghosts_.pop_oldest(b1);
    auto total = [&] { return weight() + ghosts_.weight(b1) + ghosts_.weight(b2); };
    while (ghosts_.count(b2) > 0 && total() > 2 * capacity()) ghosts_.pop_oldest(b2);
    return;
  }
  std::uint64_t limit = is_choosy(style_) ? 2 * capacity() : capacity();
  while (ghosts_.weight(b1) + ghosts_.weight(b2) > limit)
    ghosts_.pop_oldest(ghosts_.weight(b2) > limit / 2 || ghosts_.count(b1) == 0 ? b2 : b1);
}

void ProbationClock::remove(Node& node) {
  list_of(node).unlink(node);
  left(node);
}

bool ProbationClock::reweigh(Node& node, std::uint32_t weight, Evict evict) {
  auto set_weight = [&] { list_of(node).reweigh(node, weight); };
  if (!reweigh_among(node, weight, set_weight, [&] { evict_one(evict); })) return false;
  trim_ghosts();
  return true;
}

void ProbationClock::resize(std::uint64_t capacity_wanted, Evict evict) {
  target_ = capacity() == 0 ? 0 : target_ * (static_cast<double>(capacity_wanted) / static_cast<double>(capacity()));
  set_capacity(capacity_wanted);
  reclaim(0, evict);
}

std::uint64_t ProbationClock::reclaim(std::uint64_t wanted, Evict evict) {
  while (over(wanted) && anything_evictable()) evict_one(evict);
  trim_ghosts();
  return capacity() - std::min(capacity(), weight());
}

PolicyStats ProbationClock::stats() const {
  return {.lists = {{{"window", false, window_.count(), window_.weight()},
                     {"main", false, main_.count(), main_.weight()},
                     {"B1", true, ghosts_.count(b1), ghosts_.weight(b1)},
                     {"B2", true, ghosts_.count(b2), ghosts_.weight(b2)}}},
          .target = window_target(),
          .recent_ghost_hits = recent_ghost_hits_,
          .frequent_ghost_hits = frequent_ghost_hits_,
          .evictions = evictions_,
          .refusals = refusals_,
          .memory_bytes = memory_bytes()};
}

PolicySnapshot ProbationClock::snapshot(std::string_view policy) const {
  PolicySnapshot snapshot{.policy = std::string(policy),
                          .capacity = capacity(),
                          .target = target_,
                          .style = static_cast<std::uint8_t>(style_),
                          .entries = {}};
  snapshot.entries.reserve(count() + ghosts_.count());
  auto aged = [&](std::uint8_t uses, std::uint8_t era) { return halved(uses, eras_since(era)); };
  for (const NodeList* list : {&main_, &window_})
    for (const Node* node = list->newest(); node != nullptr; node = node->older)
      snapshot.entries.push_back(
          {node->hash, node->weight, list == &main_ ? main : window, aged(node->uses, node->era)});
  for (int list : {b2, b1}) {
    auto code = static_cast<std::uint8_t>(PolicySnapshot::Entry::ghost_bit | (list == b1 ? window : main));
    for (auto i = ghosts_.newest(list); i != GhostTable::none; i = ghosts_.at(i).older) {
      const GhostTable::Ghost& ghost = ghosts_.at(i);
      snapshot.entries.push_back({ghost.hash, ghost.weight, code, aged(ghost.uses, ghost.mark)});
    }
  }
  return snapshot;
}

void ProbationClock::restore(const PolicySnapshot& snapshot, NodeFor node_for) {
  CHECK(count() == 0 && ghosts_.count() == 0);
  if (snapshot.style < style_count) style_ = static_cast<Style>(snapshot.style);
  if (snapshot.capacity > 0)
    target_ = std::min(1.0, snapshot.target / static_cast<double>(snapshot.capacity)) * static_cast<double>(capacity());
  restore_each(
      snapshot, [&](const PolicySnapshot::Entry& entry) { return over(entry.weight) ? nullptr : node_for(entry); },
      [&](Node& node, const PolicySnapshot::Entry& entry) {
        node.uses = node.seen = entry.uses;
        node.era = era_;
        list_of(node).push_oldest(node);
        entered(node);
      },
      [&](const PolicySnapshot::Entry& entry, std::uint8_t list) {
        ghosts_.push_oldest(list == window ? b1 : b2, entry.hash, entry.weight, entry.uses, era_);
      });
  trim_ghosts();
}

}  // namespace shoal::cache
