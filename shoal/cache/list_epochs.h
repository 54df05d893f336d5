#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace shoal::cache {

/// Counts what may have changed the listings of a bucket, on any loop of a node. Buckets may share a counter, which
/// then counts for each. Any thread.
class ListEpochs {
 public:
  void advance(std::string_view bucket) { counts_[index_of(bucket)].fetch_add(1, std::memory_order_release); }
  std::uint64_t of(std::string_view bucket) const { return counts_[index_of(bucket)].load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t counters = 256;

  static std::size_t index_of(std::string_view bucket) { return std::hash<std::string_view>()(bucket) % counters; }

  std::array<std::atomic<std::uint64_t>, counters> counts_{};
};

}  // namespace shoal::cache
