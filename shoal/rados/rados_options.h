#pragma once

#include <chrono>
#include <cstdint>

#include "shoal/base/bytes.h"
#include "shoal/base/memory_account.h"
#include "shoal/base/memory_budget.h"

namespace shoal::rados {

struct RadosOptions {
  /// A body up to this size is in the head of its object; larger ones are in RADOS objects of this size.
  std::uint64_t stripe_bytes = 4_MiB;
  /// Of one body, read or written at a time.
  std::uint32_t stripes_at_once = 4;
  /// Of a bucket that is made; a shard is one RADOS object.
  std::uint32_t index_shards = 16;
  /// A get() brings bodies up to this size at once; others are read in pieces.
  std::uint64_t whole_bytes_max = 1_MiB;
  /// How long a bucket is taken to exist without asking.
  std::chrono::milliseconds bucket_lifetime{5'000};
  /// A write whose writer has not been heard of for so long has ended: what it left is removed. Much longer than any
  /// operation may take, and than the clocks of all who write are apart.
  std::chrono::milliseconds record_lifetime{600'000};
  MemoryAccount* account = nullptr;  ///< of bodies read; may be null
  MemoryBudget* budget = nullptr;    ///< asked before they take memory; may be null
};

}  // namespace shoal::rados
