#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "shoal/cache/chosen_policy.h"

namespace shoal::cache {

/// What an operator says about the objects of one bucket.
struct BucketRule {
  bool bypass = false;   ///< Never cached.
  bool pin = false;      ///< What is cached stays until it changes; all such buckets together up to half of the cache.
  double share_max = 0;  ///< At most this part of the cache, with a policy of its own; 0: no such limit.
  std::optional<PolicyKind> policy = {};  ///< Which one, if there is a share and it is not that of all others.
};

/// By name of the bucket; at most 15 with a share_max.
using BucketRules = std::map<std::string, BucketRule, std::less<>>;

}  // namespace shoal::cache
