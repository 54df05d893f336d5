#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/cache/object_prefix.h"

namespace shoal::cache {

/// What an operator wants to stay in memory once it is there. A few prefixes: each look-up compares with all.
class PinnedPrefixes {
 public:
  PinnedPrefixes() = default;
  explicit PinnedPrefixes(std::vector<ObjectPrefix> prefixes) : prefixes_(std::move(prefixes)) {
    std::ranges::sort(prefixes_);
    prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
  }

  /// In order.
  const std::vector<ObjectPrefix>& all() const { return prefixes_; }
  bool contain(std::string_view bucket, std::string_view name) const {
    return std::ranges::any_of(prefixes_, [&](const ObjectPrefix& prefix) { return prefix.contains(bucket, name); });
  }

 private:
  std::vector<ObjectPrefix> prefixes_;
};

}  // namespace shoal::cache
