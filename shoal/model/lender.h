#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shoal/model/loan.h"
#include "shoal/model/object_key.h"

namespace shoal {

/// What other loops answered from what they were lent.
struct NearHits {
  std::vector<std::uint64_t> bodies;  ///< the hash of each object whose body was read
  std::uint64_t descriptions = 0;     ///< answers without a body
};

/// What is in the memory of one loop, for the others, so that they need not ask for what many ask for
/// (docs/decisions/0016-near-copies.md). One loop.
class Lender {
 public:
  virtual ~Lender() = default;

  /// How long what try_get() or try_stat() gave right before may be answered by others; nothing: not at all.
  virtual std::optional<Loan> lend(const ObjectKeyView& key) = 0;
  /// Counts them as hits here, and lets the policy learn of them.
  virtual void learn(const NearHits& hits) = 0;
};

}  // namespace shoal
