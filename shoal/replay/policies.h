#pragma once

#include <span>
#include <string_view>

#include "shoal/replay/simulate.h"

namespace shoal::replay {

/// A policy that can be named on the command line.
struct NamedPolicy {
  std::string_view name;
  std::string_view what;  ///< A few words for the help text.
  Outcome (*run)(const Trace& trace, Unit unit, std::uint64_t capacity, std::uint32_t shards);
};

/// All of them, those of the server first.
std::span<const NamedPolicy> policies();
/// Null for an unknown name.
const NamedPolicy* policy_named(std::string_view name);

}  // namespace shoal::replay
