#include "shoal/cache/piece_chains.h"

#include <utility>

#include "shoal/cache/directory.h"

namespace shoal::cache {
namespace {

constexpr std::size_t heads_min = 4;

}  // namespace

PieceEntry* PieceChains::chain_of(std::uint64_t object_hash) const {
  return heads_.empty() ? nullptr : heads_[object_hash & (heads_.size() - 1)];
}

std::uint64_t PieceChains::growth() const {
  if (count_ < heads_.size()) return 0;
  return (heads_.empty() ? heads_min : heads_.size()) * sizeof(PieceEntry*);
}

void PieceChains::add(PieceEntry& piece) {
  if (count_ == heads_.size()) resize(heads_.empty() ? heads_min : heads_.size() * 2);
  link(piece);
  ++count_;
}

void PieceChains::remove(PieceEntry& piece) {
  PieceEntry** from = &heads_[piece.object_hash & (heads_.size() - 1)];
  if (piece.previous_in_chain != nullptr) from = &piece.previous_in_chain->next_in_chain;
  *from = piece.next_in_chain;
  if (piece.next_in_chain != nullptr) piece.next_in_chain->previous_in_chain = piece.previous_in_chain;
  piece.next_in_chain = piece.previous_in_chain = nullptr;
  --count_;
  if (heads_.size() > heads_min && count_ * 8 < heads_.size()) resize(heads_.size() / 2);
}

void PieceChains::link(PieceEntry& piece) {
  PieceEntry*& head = heads_[piece.object_hash & (heads_.size() - 1)];
  piece.previous_in_chain = nullptr;
  piece.next_in_chain = head;
  if (head != nullptr) head->previous_in_chain = &piece;
  head = &piece;
}

void PieceChains::resize(std::size_t heads) {
  std::vector<PieceEntry*> old = std::exchange(heads_, std::vector<PieceEntry*>(heads));
  account_.release(old.size() * sizeof(PieceEntry*));
  account_.charge(heads_.size() * sizeof(PieceEntry*));
  for (PieceEntry* piece : old) {
    while (piece != nullptr) {
      PieceEntry* next = piece->next_in_chain;
      link(*piece);
      piece = next;
    }
  }
}

}  // namespace shoal::cache
