#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "shoal/base/memory_account.h"

namespace shoal::flash {

/// Which pieces of which large objects are on flash. The index finds one piece by a hash of its own; this finds all of
/// an object, at the cost of those that are there. Those of one object are of one state. All memory is charged to the
/// account. One owner at a time.
class PieceTable {
 public:
  struct Place {
    std::uint64_t object = 0;  ///< hash of its key
    std::uint32_t number = 0;
    std::uint32_t at = 0;  ///< for the table
  };

  /// The account outlives the table.
  explicit PieceTable(MemoryAccount& account) : account_(account) {}
  ~PieceTable() { clear(); }
  PieceTable(const PieceTable&) = delete;  // its memory is charged once
  PieceTable& operator=(const PieceTable&) = delete;

  /// The hash by which the index knows a piece.
  static std::uint64_t hash_of(std::uint64_t object, std::uint32_t number);

  /// Of the same state as those that are there.
  void add(std::uint64_t object, std::uint64_t state, std::uint32_t number);
  /// Whether there was one.
  bool erase(std::uint64_t piece);
  void clear();

  /// Null if there is no such piece. Valid until the next add() or erase().
  const Place* find(std::uint64_t piece) const;
  /// Nothing if the object has none.
  std::optional<std::uint64_t> state_of(std::uint64_t object) const;
  /// Their hashes.
  std::vector<std::uint64_t> pieces_of(std::uint64_t object) const;

  std::uint64_t memory_bytes() const { return places_.size() * piece_bytes + objects_.size() * object_bytes; }
  /// By how much memory_bytes() may grow with one more of the object.
  std::uint64_t growth_for(std::uint64_t object) const {
    return piece_bytes + (objects_.contains(object) ? 0 : object_bytes);
  }

 private:
  struct Object {
    std::uint64_t state = 0;
    std::vector<std::uint64_t> pieces;
  };
  // With their nodes, and the places in tables and vectors that may be free.
  static constexpr std::uint64_t piece_bytes = 80;
  static constexpr std::uint64_t object_bytes = 96;

  void charge_since(std::uint64_t bytes_before);

  MemoryAccount& account_;
  std::unordered_map<std::uint64_t, Place> places_;
  std::unordered_map<std::uint64_t, Object> objects_;
};

}  // namespace shoal::flash
