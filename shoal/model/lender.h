#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shoal/model/loan.h"
#include "shoal/model/object_key.h"

namespace shoal {

/// What other loops answered from what they were lent.
struct NearHits {
  std::vector<std::uint64_t> reads;  ///< the hash of each object that was read, or was known to be missing
  std::uint64_t missing = 0;         ///< of these, the missing ones
  std::uint64_t descriptions = 0;    ///< answers about objects without their bodies
};

/// What is in the memory of one loop, for the others, so that they need not ask for what many ask for
/// (docs/decisions/0016-near-copies.md). One loop.
class Lender {
 public:
  virtual ~Lender() = default;

  /// How long others may answer what try_get(), try_stat() or is_known_missing() said right before; nothing: not at
  /// all.
  virtual std::optional<Loan> lend(const ObjectKeyView& key) = 0;
  /// Counts them as hits here, and lets the policy learn of them.
  virtual void learn(const NearHits& hits) = 0;
};

}  // namespace shoal
