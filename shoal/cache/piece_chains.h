#pragma once

#include <cstdint>
#include <vector>

#include "shoal/base/memory_account.h"

namespace shoal::cache {

struct PieceEntry;

/// Finds the cached pieces of one object, without looking for each piece that it could have: a hash table of chains
/// that run through the pieces themselves, by the hash of the object. Its table is charged to the account. One owner at
/// a time.
class PieceChains {
 public:
  explicit PieceChains(MemoryAccount& account) : account_(account) {}
  ~PieceChains() { account_.release(table_bytes()); }
  PieceChains(const PieceChains&) = delete;  // pieces are linked into it
  PieceChains& operator=(const PieceChains&) = delete;

  void add(PieceEntry& piece);
  void remove(PieceEntry& piece);
  /// The first piece of the chain that an object's pieces are in; go on with PieceEntry::next_in_chain. Pieces of other
  /// objects may stand between them.
  PieceEntry* chain_of(std::uint64_t object_hash) const;

  std::uint64_t table_bytes() const { return heads_.size() * sizeof(PieceEntry*); }
  /// By how much table_bytes() grows with the next piece.
  std::uint64_t growth() const;

 private:
  void link(PieceEntry& piece);
  void resize(std::size_t heads);

  MemoryAccount& account_;
  std::vector<PieceEntry*> heads_;  // a power of two, or none
  std::size_t count_ = 0;
};

}  // namespace shoal::cache
