#pragma once

#include <cstdint>

#include "shoal/base/file_memory.h"
#include "shoal/base/memory_account.h"
#include "shoal/model/body.h"

namespace shoal::cache {

/// Where the bodies of a cache lie: large ones in a file that they are sent from, if there is one.
struct BodyMemory {
  FileMemory* file = nullptr;        ///< outlives every body
  std::uint64_t file_bytes_min = 0;  ///< smaller bodies lie in ordinary memory

  /// What copy_of() charges at most.
  std::uint64_t charged_bytes(std::uint64_t body_bytes) const;
  /// In one block; null if the body is empty.
  BufferRef copy_of(const Body& body, MemoryAccount* account) const;
};

}  // namespace shoal::cache
