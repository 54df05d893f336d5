#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "shoal/base/clock.h"

namespace shoal::cache {

/// Keys with a write of which nobody knows whether it was done: it may still be done for a while. One owner at a time.
class UnsettledWrites {
 public:
  /// How long it may; 0: none is remembered.
  explicit UnsettledWrites(std::chrono::milliseconds time) : time_(time) {}

  void add(std::uint64_t key_hash, MonotonicTime now) {
    if (time_.count() == 0) return;
    if (until_.size() >= keys_max) {
      std::erase_if(until_, [&](const auto& known) { return known.second <= now; });
    }
    if (until_.size() >= keys_max) {  // an outage: all keys, then
      all_until_ = now + time_;
      until_.clear();
    }
    until_.insert_or_assign(key_hash, now + time_);
  }

  bool has(std::uint64_t key_hash, MonotonicTime now) const {
    if (now < all_until_) return true;
    if (until_.empty()) return false;
    auto found = until_.find(key_hash);
    return found != until_.end() && now < found->second;
  }

 private:
  static constexpr std::size_t keys_max = 4'096;

  const std::chrono::milliseconds time_;
  std::unordered_map<std::uint64_t, MonotonicTime> until_;
  MonotonicTime all_until_{};
};

}  // namespace shoal::cache
