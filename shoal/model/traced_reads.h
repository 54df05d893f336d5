#pragma once

#include <cstdint>
#include <optional>

#include "shoal/base/result.h"
#include "shoal/base/task.h"
#include "shoal/model/object_key.h"
#include "shoal/model/object_store.h"

namespace shoal {

/// Where the answer to a read came from.
enum class ReadSource : std::uint8_t {
  memory,     ///< from memory
  flash,      ///< from flash, within what the bucket promises
  store,      ///< from the store below
  confirmed,  ///< from memory, after the store below had said that nothing has changed
  stale,      ///< from memory or flash though it is too old, since the store below could not be asked
  bypass,     ///< from the store below, and it is not kept
};

struct TracedRead {
  std::optional<Object> object;  ///< nothing: there is none
  ReadSource source = ReadSource::store;
};

/// How new the answer has to be.
enum class Demand : std::uint8_t {
  as_promised,  ///< as the bucket says
  confirmed,    ///< the store below is asked, whatever the age, unless objects of the bucket never change
};

/// Reads of objects of which there is a copy in front of the store that keeps them, for who tells their readers which
/// of the two they got. One loop.
class TracedReads {
 public:
  virtual ~TracedReads() = default;
  /// As ObjectStore::get().
  virtual Task<Result<TracedRead>> read(ObjectKey key, Demand demand) = 0;
  /// As ObjectStore::stat(): the object comes without its body.
  virtual Task<Result<TracedRead>> describe(ObjectKey key, Demand demand) = 0;
};

}  // namespace shoal
