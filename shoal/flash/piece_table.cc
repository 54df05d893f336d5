#include "shoal/flash/piece_table.h"

#include "shoal/base/bytes.h"
#include "shoal/base/check.h"
#include "shoal/base/hash.h"

namespace shoal::flash {

std::uint64_t PieceTable::hash_of(std::uint64_t object, std::uint32_t number) {
  std::byte bytes[sizeof number];
  store_le(bytes, number);
  return hash64(bytes, object);
}

void PieceTable::charge_since(std::uint64_t bytes_before) {
  account_.charge(memory_bytes());
  account_.release(bytes_before);
}

void PieceTable::add(std::uint64_t object, std::uint64_t state, std::uint32_t number) {
  std::uint64_t bytes_before = memory_bytes();
  Object& pieces = objects_[object];
  CHECK(pieces.pieces.empty() || pieces.state == state);
  pieces.state = state;
  std::uint64_t hash = hash_of(object, number);
  bool is_new = places_.emplace(hash, Place{object, number, static_cast<std::uint32_t>(pieces.pieces.size())}).second;
  if (is_new) pieces.pieces.push_back(hash);
  charge_since(bytes_before);
}

// The last one takes its place.
bool PieceTable::erase(std::uint64_t piece) {
  auto found = places_.find(piece);
  if (found == places_.end()) return false;
  std::uint64_t bytes_before = memory_bytes();
  auto object = objects_.find(found->second.object);
  std::vector<std::uint64_t>& pieces = object->second.pieces;
  places_.at(pieces.back()).at = found->second.at;
  pieces[found->second.at] = pieces.back();
  pieces.pop_back();
  if (pieces.empty()) objects_.erase(object);
  places_.erase(found);
  charge_since(bytes_before);
  return true;
}

void PieceTable::clear() {
  account_.release(memory_bytes());
  places_.clear();
  objects_.clear();
}

const PieceTable::Place* PieceTable::find(std::uint64_t piece) const {
  auto found = places_.find(piece);
  return found == places_.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> PieceTable::state_of(std::uint64_t object) const {
  auto found = objects_.find(object);
  return found == objects_.end() ? std::nullopt : std::optional(found->second.state);
}

std::vector<std::uint64_t> PieceTable::pieces_of(std::uint64_t object) const {
  auto found = objects_.find(object);
  return found == objects_.end() ? std::vector<std::uint64_t>() : found->second.pieces;
}

}  // namespace shoal::flash
