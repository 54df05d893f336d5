#pragma once

#include <cstdint>
#include <vector>

namespace shoal::cache {

/// Remembers evicted entries by hash and weight, in a few ordered lists ("ghost lists"). Compact: 24 bytes for a ghost
/// and 4 to 8 for finding it, in two arrays that grow by doubling and shrink when mostly empty. Two keys with the same
/// 64-bit hash share a ghost: at worst one decision is a little worse. One owner at a time.
class GhostTable {
 public:
  using Index = std::uint32_t;
  static constexpr Index none = UINT32_MAX;

  struct Ghost {
    std::uint64_t hash = 0;
    Index newer = none;
    Index older = none;
    std::uint32_t weight = 0;
    std::uint8_t list = 0;
    std::uint8_t uses = 0;
    std::uint8_t mark = 0;  ///< For the policy.
  };
  static_assert(sizeof(Ghost) == 24);

  explicit GhostTable(int lists) : lists_(static_cast<std::size_t>(lists)) {}

  /// The ghost of a key, or `none`.
  Index find(std::uint64_t hash) const;
  const Ghost& at(Index index) const { return ghosts_[index]; }
  /// Puts a ghost at the newest end of a list; a ghost that the key already has is replaced.
  void push_newest(int list, std::uint64_t hash, std::uint32_t weight, std::uint8_t uses = 0, std::uint8_t mark = 0);
  /// The same at the oldest end, for restoring a saved list.
  void push_oldest(int list, std::uint64_t hash, std::uint32_t weight, std::uint8_t uses = 0, std::uint8_t mark = 0);
  void erase(Index index);
  /// Forgets the key if it has a ghost.
  bool forget(std::uint64_t hash);
  void pop_oldest(int list);

  Index newest(int list) const { return lists_[static_cast<std::size_t>(list)].newest; }
  Index oldest(int list) const { return lists_[static_cast<std::size_t>(list)].oldest; }
  std::uint64_t count(int list) const { return lists_[static_cast<std::size_t>(list)].count; }
  std::uint64_t weight(int list) const { return lists_[static_cast<std::size_t>(list)].weight; }
  std::uint64_t count() const { return used_; }
  /// Bytes of memory held, to be charged by the owner.
  std::uint64_t memory_bytes() const { return ghosts_.capacity() * sizeof(Ghost) + slots_.capacity() * sizeof(Index); }

 private:
  struct List {
    Index newest = none;
    Index oldest = none;
    std::uint64_t count = 0;
    std::uint64_t weight = 0;
  };

  Index allocate(int list, std::uint64_t hash, std::uint32_t weight, std::uint8_t uses, std::uint8_t mark);
  void unlink(Ghost& ghost);
  void rebuild(std::size_t slots);
  std::size_t slot_of(std::uint64_t hash) const { return hash & (slots_.size() - 1); }

  std::vector<List> lists_;
  std::vector<Ghost> ghosts_;  // free ones are chained through `older`
  std::vector<Index> slots_;   // open addressing, linear probing; a power of two, at most half full
  Index free_ = none;
  std::uint64_t used_ = 0;
};

}  // namespace shoal::cache
