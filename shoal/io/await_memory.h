#pragma once

#include <cstdint>

#include "shoal/base/memory_budget.h"
#include "shoal/base/result.h"
#include "shoal/base/task.h"

namespace shoal::io {

/// Returns when so much memory is promised; overloaded if that took too long. A null budget has no limit. The budget
/// outlives the call.
Task<Result<MemoryPromise>> await_memory(MemoryBudget* budget, MemoryUse use, std::uint64_t bytes);

}  // namespace shoal::io
