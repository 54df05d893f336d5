#include "shoal/cache/chosen_policy.h"

namespace shoal::cache {

std::string_view to_string(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::duel:
      return DuelPolicy::name;
    case PolicyKind::arc:
      return ArcPolicy::name;
    case PolicyKind::worth:
      return WorthPolicy::name;
  }
  return "?";
}

ChosenPolicy::Policy ChosenPolicy::make(const Options& options) {
  constexpr double step_ratio_max = 10;  // as OpenZFS caps ARC's step for weights in bytes
  switch (options.kind) {
    case PolicyKind::arc:
      return Policy(std::in_place_type<ArcPolicy>,
                    ArcPolicy::Options{.capacity = options.capacity, .step_ratio_max = step_ratio_max});
    case PolicyKind::worth:
      return Policy(std::in_place_type<WorthPolicy>, WorthPolicy::Options{.capacity = options.capacity});
    case PolicyKind::duel:
      break;
  }
  return Policy(std::in_place_type<DuelPolicy>,
                DuelPolicy::Options{.capacity = options.capacity,
                                    .shadow_entries_max = DuelPolicy::shadow_entries_for_bytes(options.capacity),
                                    .origin_of = options.origin_of,
                                    .is_shard = options.is_shard});
}

}  // namespace shoal::cache
