#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::storage {

/// Which keys may be there: 32 bits of the hash of each, so that a look-up of one that is not there ends after one or
/// two cache lines. An ordered table with linear probing (Amble and Knuth, "Ordered hash tables", 1974): a hash lies at
/// or behind the place that its size gives it, in ascending order, so it grows by small steps and without the keys.
/// Four to five bytes a key. Not thread-safe.
class KeyFilter {
 public:
  /// Adding a hash twice makes it be there twice.
  void insert(std::uint64_t hash);
  /// One that was inserted.
  void erase(std::uint64_t hash);
  /// Never false for what is there; true for what is not once in 2^32 / size().
  bool may_contain(std::uint64_t hash) const;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return cells_.capacity() * sizeof(std::uint32_t); }

 private:
  /// Never 0, which marks an empty cell.
  static std::uint32_t mark_of(std::uint64_t hash);
  std::size_t home_of(std::uint32_t mark) const;
  void place(std::uint32_t mark);
  void grow();

  std::vector<std::uint32_t> cells_;
  std::size_t homes_ = 0;  ///< cells behind them take what the last ones push on
  std::size_t size_ = 0;
};

}  // namespace shoal::storage
