#pragma once

#include <optional>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_key.h"
#include "shoal/model/object_store.h"

namespace shoal {

/// Asks a store that keeps copies what an object is like.
class DescribedReads {
 public:
  virtual ~DescribedReads() = default;
  /// As ObjectStore::stat(), without body and reader, for who has no copy of his own: may be told from one that the
  /// store would serve, and says so.
  virtual Task<Result<std::optional<Object>>> describe(ObjectKey key) = 0;
};

}  // namespace shoal
