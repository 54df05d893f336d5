#pragma once

#include "shoal/cache/bucket_rules.h"
#include "shoal/cache/chosen_policy.h"
#include "shoal/server/configuration.h"

namespace shoal::server {

/// What [cache] mode and policy come to. invalid_argument if one of them is unknown, or they do not go together.
Result<cache::PolicyKind> cache_policy_of(const Configuration& configuration);

/// What [cache] says about buckets. invalid_argument if a share is no percentage of 1 to 90, all together are more, or
/// a bucket is named twice.
Result<cache::BucketRules> bucket_rules_of(const Configuration& configuration);

}  // namespace shoal::server
