#include "shoal/server/cache_configuration.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "shoal/base/text.h"

namespace shoal::server {
namespace {

struct BucketShare {
  std::string bucket;
  std::uint64_t percent = 0;
  std::optional<cache::PolicyKind> policy;
};

/// "BUCKET=N%", "BUCKET=N% bytes" or "BUCKET=N% objects".
Result<BucketShare> parse_bucket_share(std::string_view text, cache::PolicyKind byte_policy) {
  constexpr std::uint64_t percent_max = 90;
  auto wrong = failure(
      ErrorCode::invalid_argument,
      fmt::format("cache.bucket_shares: expected BUCKET=1% to BUCKET=90%, with a mode behind it or not, not '{}'",
                  text));
  std::size_t equals = text.rfind('=');
  std::size_t percent_sign = text.rfind('%');
  if (equals == std::string_view::npos || percent_sign == std::string_view::npos || percent_sign < equals) return wrong;
  auto percent = parse_decimal(text.substr(equals + 1, percent_sign - equals - 1));
  if (!percent || *percent < 1 || *percent > percent_max) return wrong;
  BucketShare share{std::string(text.substr(0, equals)), *percent, std::nullopt};
  std::string_view mode = text.substr(percent_sign + 1);
  if (mode == " objects") {
    share.policy = cache::PolicyKind::worth;
  } else if (mode == " bytes") {
    share.policy = byte_policy;
  } else if (!mode.empty()) {
    return wrong;
  }
  return share;
}

Result<cache::PolicyKind> byte_policy_of(const Configuration& configuration) {
  for (cache::PolicyKind kind : {cache::PolicyKind::duel, cache::PolicyKind::arc}) {
    if (configuration.cache.policy == to_string(kind)) return kind;
  }
  return failure(ErrorCode::invalid_argument, "cache.policy: expected duel or arc");
}

}  // namespace

Result<cache::PolicyKind> cache_policy_of(const Configuration& configuration) {
  TRY_ASSIGN(cache::PolicyKind byte_policy, byte_policy_of(configuration));
  if (configuration.cache.mode == "bytes") return byte_policy;
  if (configuration.cache.mode == "objects") return cache::PolicyKind::worth;
  return failure(ErrorCode::invalid_argument, "cache.mode: expected bytes or objects");
}

Result<cache::BucketRules> bucket_rules_of(const Configuration& configuration) {
  auto wrong = [](std::string message) { return failure(ErrorCode::invalid_argument, std::move(message)); };
  constexpr std::size_t shares_max = 15;
  constexpr std::uint64_t percent_max = 90;
  TRY_ASSIGN(cache::PolicyKind byte_policy, byte_policy_of(configuration));
  cache::BucketRules rules;
  for (const std::string& bucket : configuration.cache.bypassed_buckets) rules[bucket].bypass = true;
  for (const std::string& bucket : configuration.cache.pinned_buckets) {
    if (std::exchange(rules[bucket].pin, true) || rules[bucket].bypass) {
      return wrong(fmt::format("cache.pinned_buckets: {} is named twice", bucket));
    }
  }
  std::uint64_t percent_sum = 0;
  for (std::string_view share : configuration.cache.bucket_shares) {
    TRY_ASSIGN(BucketShare parsed, parse_bucket_share(share, byte_policy));
    if (rules.contains(parsed.bucket)) {
      return wrong(fmt::format("cache.bucket_shares: {} is named twice", parsed.bucket));
    }
    cache::BucketRule& rule = rules[parsed.bucket];
    rule.share_max = static_cast<double>(parsed.percent) / 100;
    rule.policy = parsed.policy;
    percent_sum += parsed.percent;
  }
  if (percent_sum > percent_max || configuration.cache.bucket_shares.size() > shares_max) {
    return wrong("cache.bucket_shares: at most 15 buckets and 90% together");
  }
  return rules;
}

}  // namespace shoal::server
