#pragma once

#include <atomic>
#include <cstdint>

#include "shoal/base/clock.h"

namespace shoal {

/// How long what a loop was told of an object by the loop that owns it stays true: until the owner has counted another
/// change, or until a time. Both loops, and only as long as the owner's cache.
class Loan {
 public:
  /// `changes` counts changes of the object, and possibly of others; read by who makes the loan, on the owner's loop.
  Loan(const std::atomic<std::uint32_t>& changes, MonotonicTime until)
      : changes_(&changes), seen_(changes.load(std::memory_order_relaxed)), until_(until) {}

  /// A change is counted before who makes it is told that it is done, so whoever knows of it finds the loan at its end.
  bool is_unchanged() const { return changes_->load(std::memory_order_acquire) == seen_; }
  bool holds(const Clock& clock) const {
    return is_unchanged() && (until_ == MonotonicTime::max() || clock.monotonic() < until_);
  }

 private:
  const std::atomic<std::uint32_t>* changes_;
  std::uint32_t seen_;
  MonotonicTime until_;
};

}  // namespace shoal
