#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace shoal::replay {

/// How often keys were asked for lately: a count-min sketch of 4-bit counters, halved when as many increments as ten
/// times the entries have been made (TinyLFU: Einziger, Friedman & Manes, ACM ToS 13(4), 2017).
class FrequencySketch {
 public:
  /// Grows to hold that many entries; what was counted is lost when it does.
  void ensure(std::uint64_t entries) {
    if (entries <= entries_) return;
    entries_ = 16;
    while (entries_ < entries) entries_ *= 2;
    counters_.assign(entries_ * rows, 0);
    increments_ = 0;
  }
  void increment(std::uint64_t hash) {
    if (counters_.empty()) return;
    for (unsigned row = 0; row < rows; ++row) {
      std::uint8_t& counter = counters_[at(hash, row)];
      if (counter < counter_max) ++counter;
    }
    if (++increments_ < 10 * entries_) return;
    for (std::uint8_t& counter : counters_) counter /= 2;
    increments_ /= 2;
  }
  unsigned estimate(std::uint64_t hash) const {
    unsigned least = counters_.empty() ? 0 : counter_max;
    for (unsigned row = 0; row < rows && !counters_.empty(); ++row)
      least = std::min<unsigned>(least, counters_[at(hash, row)]);
    return least;
  }
  std::uint64_t memory_bytes() const { return counters_.capacity(); }

 private:
  static constexpr unsigned rows = 4;
  static constexpr std::uint8_t counter_max = 15;
  std::size_t at(std::uint64_t hash, unsigned row) const {
    constexpr std::uint64_t seeds[rows] = {0xc3a5c85c97cb3127, 0xb492b66fbe98f273, 0x9ae16a3b2f90404f,
                                           0xcbf29ce484222325};
    std::uint64_t mixed = (hash + seeds[row]) * seeds[row];
    mixed ^= mixed >> 32;
    return row * entries_ + (mixed & (entries_ - 1));
  }

  std::vector<std::uint8_t> counters_;
  std::uint64_t entries_ = 0;  // a power of two
  std::uint64_t increments_ = 0;
};

}  // namespace shoal::replay
