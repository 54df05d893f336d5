#include "shoal/storage/key_filter.h"

#include <algorithm>
#include <utility>

#include "shoal/base/check.h"

namespace shoal::storage {
namespace {

constexpr std::size_t homes_min = 64;
constexpr std::size_t spare_cells = 64;
constexpr double load_max = 0.85;
constexpr double growth = 1.25;

}  // namespace

// The slot, and with it the shard, comes from other bits of the hash.
std::uint32_t KeyFilter::mark_of(std::uint64_t hash) {
  auto mark = static_cast<std::uint32_t>(hash >> 16);
  return mark == 0 ? 1 : mark;
}

std::size_t KeyFilter::home_of(std::uint32_t mark) const {
  return static_cast<std::size_t>((static_cast<std::uint64_t>(mark) * homes_) >> 32);
}

bool KeyFilter::may_contain(std::uint64_t hash) const {
  if (size_ == 0) return false;
  std::uint32_t mark = mark_of(hash);
  for (std::size_t at = home_of(mark); at < cells_.size() && cells_[at] != 0 && cells_[at] <= mark; ++at) {
    if (cells_[at] == mark) return true;
  }
  return false;
}

void KeyFilter::insert(std::uint64_t hash) {
  if (static_cast<double>(size_ + 1) > load_max * static_cast<double>(homes_)) grow();
  place(mark_of(hash));
  ++size_;
}

void KeyFilter::place(std::uint32_t mark) {
  std::size_t at = home_of(mark);
  while (cells_[at] != 0 && cells_[at] <= mark) ++at;
  // Everything up to the next empty cell is larger and goes one on.
  while (mark != 0) std::swap(mark, cells_[at++]);
  if (at == cells_.size()) cells_.resize(cells_.size() + spare_cells);  // the last cell stays empty
}

void KeyFilter::erase(std::uint64_t hash) {
  std::uint32_t mark = mark_of(hash);
  std::size_t at = home_of(mark);
  while (cells_[at] != 0 && cells_[at] < mark) ++at;
  CHECK_MSG(cells_[at] == mark, "a key was erased that is not there");
  for (; cells_[at + 1] != 0 && home_of(cells_[at + 1]) <= at; ++at) cells_[at] = cells_[at + 1];
  cells_[at] = 0;
  --size_;
}

void KeyFilter::grow() {
  homes_ = std::max(homes_min, static_cast<std::size_t>(static_cast<double>(homes_) * growth));
  std::vector<std::uint32_t> old = std::exchange(cells_, std::vector<std::uint32_t>(homes_ + spare_cells));
  for (std::uint32_t mark : old) {
    if (mark != 0) place(mark);
  }
}

}  // namespace shoal::storage
