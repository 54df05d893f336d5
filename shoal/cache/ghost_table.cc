#include "shoal/cache/ghost_table.h"

#include <algorithm>

#include "shoal/base/check.h"

namespace shoal::cache {
namespace {
constexpr std::size_t slots_min = 16;
}

GhostTable::Index GhostTable::find(std::uint64_t hash) const {
  if (used_ == 0) return none;
  for (std::size_t slot = slot_of(hash);; slot = (slot + 1) & (slots_.size() - 1)) {
    Index index = slots_[slot];
    if (index == none || ghosts_[index].hash == hash) return index;
  }
}

void GhostTable::rebuild(std::size_t slots) {
  slots_.assign(slots, none);
  slots_.shrink_to_fit();
  std::vector<Ghost> ghosts;
  ghosts.reserve(slots / 2);
  for (List& list : lists_) {
    Index previous = none;
    for (Index old = list.newest; old != none; old = ghosts_[old].older) {
      auto index = static_cast<Index>(ghosts.size());
      ghosts.push_back(ghosts_[old]);
      ghosts[index].newer = previous;
      (previous == none ? list.newest : ghosts[previous].older) = index;
      std::size_t slot = slot_of(ghosts[index].hash);
      while (slots_[slot] != none) slot = (slot + 1) & (slots - 1);
      slots_[slot] = index;
      previous = index;
    }
    list.oldest = previous;
    if (previous != none) ghosts[previous].older = none;
  }
  ghosts_ = std::move(ghosts);
  free_ = none;
}

GhostTable::Index GhostTable::allocate(int list, std::uint64_t hash, std::uint32_t weight, std::uint8_t uses,
                                       std::uint8_t mark) {
  forget(hash);
  if ((used_ + 1) * 2 > slots_.size()) rebuild(std::max(slots_min, slots_.size() * 2));
  Index index = free_;
  if (index != none) {
    free_ = ghosts_[index].older;
  } else {
    index = static_cast<Index>(ghosts_.size());
    CHECK(index != none);
    ghosts_.emplace_back();
  }
  ghosts_[index] = {
      .hash = hash, .weight = weight, .list = static_cast<std::uint8_t>(list), .uses = uses, .mark = mark};
  std::size_t slot = slot_of(hash);
  while (slots_[slot] != none) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = index;
  ++used_;
  ++lists_[static_cast<std::size_t>(list)].count;
  lists_[static_cast<std::size_t>(list)].weight += weight;
  return index;
}

void GhostTable::push_newest(int list, std::uint64_t hash, std::uint32_t weight, std::uint8_t uses, std::uint8_t mark) {
  Index index = allocate(list, hash, weight, uses, mark);
  List& in = lists_[static_cast<std::size_t>(list)];
  ghosts_[index].older = in.newest;
  (in.newest != none ? ghosts_[in.newest].newer : in.oldest) = index;
  in.newest = index;
}

void GhostTable::push_oldest(int list, std::uint64_t hash, std::uint32_t weight, std::uint8_t uses, std::uint8_t mark) {
  Index index = allocate(list, hash, weight, uses, mark);
  List& in = lists_[static_cast<std::size_t>(list)];
  ghosts_[index].newer = in.oldest;
  (in.oldest != none ? ghosts_[in.oldest].older : in.newest) = index;
  in.oldest = index;
}

void GhostTable::unlink(Ghost& ghost) {
  List& in = lists_[ghost.list];
  (ghost.newer != none ? ghosts_[ghost.newer].older : in.newest) = ghost.older;
  (ghost.older != none ? ghosts_[ghost.older].newer : in.oldest) = ghost.newer;
  --in.count;
  in.weight -= ghost.weight;
}

void GhostTable::erase(Index index) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot_of(ghosts_[index].hash);
  while (slots_[hole] != index) hole = (hole + 1) & mask;
  // Close the hole: move back every later entry of the run whose own slot is not after the hole.
  for (std::size_t next = (hole + 1) & mask; slots_[next] != none; next = (next + 1) & mask) {
    std::size_t home = slot_of(ghosts_[slots_[next]].hash);
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      slots_[hole] = slots_[next];
      hole = next;
    }
  }
  slots_[hole] = none;
  unlink(ghosts_[index]);
  ghosts_[index].older = free_;
  free_ = index;
  --used_;
  if (slots_.size() > slots_min && used_ * 16 < slots_.size()) rebuild(slots_.size() / 4);
}

bool GhostTable::forget(std::uint64_t hash) {
  Index index = find(hash);
  if (index == none) return false;
  erase(index);
  return true;
}

void GhostTable::pop_oldest(int list) {
  CHECK(count(list) > 0);
  erase(oldest(list));
}

}  // namespace shoal::cache
