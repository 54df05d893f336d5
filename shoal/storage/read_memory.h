#pragma once

#include "shoal/base/memory_account.h"
#include "shoal/base/memory_budget.h"

namespace shoal::storage {

/// Where the memory of what is read comes from; null: from nowhere in particular. Both outlive the bytes.
struct ReadMemory {
  MemoryAccount* account = nullptr;  ///< charged
  MemoryBudget* budget = nullptr;    ///< asked before
};

}  // namespace shoal::storage
